/**
 * `POST /logs`: a line each line, as text or as a JSON object; or a JSON array of them. Parameters of the address are
 * labels of all its lines. Answers 200 only when the brokers have all of them.
 */
import { defineContract, implement, ProblemError, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { bodyBytes } from '../../collecting/body-bytes.ts';
import { collectorDialect } from '../../collecting/collector-dialect.ts';
import type { Joining } from '../line/join-lines.ts';
import { LineJoiner } from '../line/line-joiner.ts';
import { lineOfObject } from '../line/line-of-object.ts';
import { type LogLine, lineOfText } from '../line/log-line.ts';
import { batchOf } from './line-batch.ts';
import type { LineIntake } from './line-intake.ts';

const bodyBytesMax = 8 * 2 ** 20;
const unpackedBytesMax = 32 * 2 ** 20;
const linesMax = 100_000;

const label = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }));

export const linesContract = defineContract({
  method: 'POST',
  path: '/logs',
  summary: 'Takes lines of logs: text, or a JSON object a line',
  description: 'Plain or compressed (gzip, deflate, zstd). Answers 200 only when all lines are stored.',
  query: Type.Object({
    service: label('Which program wrote them'),
    host: label('Where it runs'),
    environment: label('`production`, `qa`, ...'),
    join: Type.Optional(
      Type.Union([Type.Literal('traces'), Type.Literal('none')], {
        description: 'Whether lines of text that are one stack trace are one record; default traces',
      }),
    ),
  }),
  dialect: collectorDialect(['application/x-ndjson', 'application/json', 'application/jsonl', 'text/plain']),
  body: Type.Unknown(),
  bodyCheckedBy: 'handler',
  bodyBytesMax,
  response: Type.Object({
    accepted: Type.Integer({ description: 'How many lines are stored' }),
    repeated: Type.Optional(Type.Boolean({ description: 'They came before, and are not stored again' })),
  }),
  problems: ['malformed_request', 'invalid_request', 'conflict', 'unavailable'],
});

export function linesRoute(intake: LineIntake, now: () => number = Date.now): Route {
  return implement(linesContract, async (request) => {
    const bytes = await bodyBytes(request.body, request.header('content-encoding'), unpackedBytesMax);
    const isJson = request.header('content-type')?.startsWith('application/json') === true;
    const labels: Record<string, string> = {};
    const { join: joining = 'traces', ...given } = request.query;
    for (const [name, value] of Object.entries(given)) if (value !== undefined) labels[name] = value;
    const lines = linesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(), {
      isJson,
      joining,
      labels,
      now: now(),
    });
    const batch = batchOf({
      principalName: request.principal.name,
      remoteAddress: request.remoteAddress,
      target: `/logs ${JSON.stringify(labels)}`,
      key: request.header('idempotency-key'),
      body: bytes,
      isDistinct: false,
      signal: request.signal,
    });
    const how = await intake.store(lines, batch);
    return { accepted: lines.length, ...(how === 'repeated' && { repeated: true }) };
  });
}

interface Reading {
  readonly isJson: boolean;
  readonly joining: Joining;
  readonly labels: Readonly<Record<string, string>>;
  readonly now: number;
}

function linesOf(text: string, { isJson, joining, labels, now }: Reading): LogLine[] {
  const given = isJson && text.trimStart().startsWith('[') ? elementsOf(text) : text.split('\n');
  if (given.length > linesMax) {
    throw new ProblemError('invalid_request', `these are more than ${linesMax} lines; send fewer at a time`);
  }
  const joiner = new LineJoiner(joining);
  const lines = given.flatMap((each): LogLine[] => {
    const object = typeof each === 'string' ? objectOf(each) : each;
    if (object !== undefined) return joiner.add({ line: lineOfObject(object, labels, now), text: '', isWhole: true });
    const line = (each as string).replace(/\r$/, '');
    if (line.trim() === '') return [];
    return joiner.add({ line: lineOfText(line, labels, now), text: line, isBare: true });
  });
  return [...lines, ...joiner.flush()];
}

type JsonObject = Readonly<Record<string, unknown>>;

function elementsOf(text: string): readonly (string | JsonObject)[] {
  let elements: unknown;
  try {
    elements = JSON.parse(text);
  } catch (error) {
    throw new ProblemError('malformed_request', `the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
  return (elements as unknown[]).map((each, index) => {
    if (typeof each === 'string' || (typeof each === 'object' && each !== null && !Array.isArray(each))) {
      return each as string | JsonObject;
    }
    throw new ProblemError('invalid_request', `element ${index} is neither a text nor an object; nothing was stored`);
  });
}

/** A line that only looks like an object is a text. */
function objectOf(line: string): JsonObject | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as JsonObject;
  } catch {
    return undefined;
  }
}
