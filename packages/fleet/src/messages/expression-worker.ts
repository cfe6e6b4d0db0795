/** The thread of an expression (`expression-thread.ts`): records in, for each whether it holds. */
import { parentPort, workerData } from 'node:worker_threads';
import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { assert, messageOf } from '@millrace/base';

export interface ExpressionRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** Null when there is none, or no text. */
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string | null>>;
}

export type ThreadAnswer =
  | { readonly ready: true }
  | { readonly problem: string }
  | { readonly holds: readonly (boolean | null)[] };

/** Longer values are no JSON to an expression. */
const jsonLengthMax = 1_000_000;

function evaluator(text: string): (record: ExpressionRecord) => boolean | null {
  const evaluate = plan(celEnv(), parse(text));
  const asksJson = /\bjson\b/.test(text);
  return ({ partition, offset, timestamp, key, value, headers }) => {
    const numbers = { partition: BigInt(partition), offset: BigInt(offset), timestamp: BigInt(timestamp) };
    const json = asksJson ? jsonOf(value) : null;
    const result = evaluate({ ...numbers, key, value, headers: { ...headers }, json } as Record<string, CelInput>);
    if (isCelError(result)) return null;
    return result === true;
  };
}

function jsonOf(value: string | null): unknown {
  if (value === null || value.length > jsonLengthMax) return null;
  try {
    return JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

assert(parentPort !== null, 'expressions are evaluated in a thread of their own');
const port = parentPort;
const say = (answer: ThreadAnswer): void => port.postMessage(answer);
try {
  const holds = evaluator(String(workerData));
  port.on('message', (records: readonly ExpressionRecord[]) => say({ holds: records.map(safely(holds)) }));
  say({ ready: true });
} catch (error) {
  say({ problem: messageOf(error) });
}

/** What an expression does to one record is no reason not to look at the others. */
function safely(holds: (record: ExpressionRecord) => boolean | null): (record: ExpressionRecord) => boolean | null {
  return (record) => {
    try {
      return holds(record);
    } catch (error) {
      if (error instanceof Error) return null;
      throw error;
    }
  };
}
