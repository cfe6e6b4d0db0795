/**
 * The thread in which policies are evaluated, so that none can hold up the process or eat its memory: whoever started
 * it ends it when it takes too long.
 */
import { parentPort } from 'node:worker_threads';
import { type CelInput, celEnv, isCelError, plan } from '@bufbuild/cel';
import { PolicyView } from '@millrace/api/fleet';
import { assert, messageOf } from '@millrace/base';
import type { TSchema } from 'typebox';
import { parseExpression } from './expression.ts';

export interface EvaluationTask {
  readonly id: number;
  readonly when: string;
  readonly view: PolicyView;
}

export type EvaluationAnswer =
  | { readonly id: number; readonly holds: boolean }
  | { readonly id: number; readonly failure: string };

const environment = celEnv();

function answerTo({ id, when, view }: EvaluationTask): EvaluationAnswer {
  try {
    const value = plan(environment, parseExpression(when))(celValue(view, PolicyView) as Record<string, CelInput>);
    if (isCelError(value)) return { id, failure: messageOf(value) };
    if (typeof value === 'boolean') return { id, holds: value };
    return { id, failure: 'it answers neither true nor false' };
  } catch (error) {
    return { id, failure: messageOf(error) };
  }
}

/** Whole numbers are CEL's int, all others its double. */
function celValue(value: unknown, schema: TSchema): CelInput {
  const { properties, items, type } = schema as {
    properties?: Readonly<Record<string, TSchema>>;
    items?: TSchema;
    type?: string;
  };
  if (type === 'integer') return BigInt(value as number);
  if (items !== undefined) return (value as unknown[]).map((each) => celValue(each, items));
  if (properties === undefined) return value as CelInput;
  const members = Object.entries(properties);
  return Object.fromEntries(
    members.map(([name, member]) => [name, celValue((value as Record<string, unknown>)[name], member)]),
  );
}

assert(parentPort !== null, 'policies are evaluated in a thread of their own');
const port = parentPort;
port.on('message', (task: EvaluationTask) => port.postMessage(answerTo(task)));
port.postMessage('ready');
