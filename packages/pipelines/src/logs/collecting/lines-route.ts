/**
 * `POST /logs`: a line each line, as text or as a JSON object; or a JSON array of them. Parameters of the address are
 * labels of all its lines. Answers 200 only when the brokers have all of them.
 */
import { defineContract, implement, ProblemError, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { bodyBytes } from '../../collecting/body-bytes.ts';
import { collectorDialect } from '../../collecting/collector-dialect.ts';
import { lineOfObject } from '../line/line-of-object.ts';
import { type LogLine, lineOfText } from '../line/log-line.ts';
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
  }),
  dialect: collectorDialect(['application/x-ndjson', 'application/json', 'application/jsonl', 'text/plain']),
  body: Type.Unknown(),
  bodyCheckedBy: 'handler',
  bodyBytesMax,
  response: Type.Object({ accepted: Type.Integer({ description: 'How many lines were stored' }) }),
  problems: ['malformed_request', 'invalid_request', 'unavailable'],
});

export function linesRoute(intake: LineIntake, now: () => number = Date.now): Route {
  return implement(linesContract, async (request) => {
    const bytes = await bodyBytes(request.body, request.header('content-encoding'), unpackedBytesMax);
    const isJson = request.header('content-type')?.startsWith('application/json') === true;
    const labels: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.query)) if (value !== undefined) labels[name] = value;
    const lines = linesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(), isJson, labels, now());
    await intake.store(lines);
    return { accepted: lines.length };
  });
}

function linesOf(text: string, isJson: boolean, labels: Readonly<Record<string, string>>, now: number): LogLine[] {
  const given = isJson && text.trimStart().startsWith('[') ? elementsOf(text) : text.split('\n');
  if (given.length > linesMax) {
    throw new ProblemError('invalid_request', `these are more than ${linesMax} lines; send fewer at a time`);
  }
  return given.flatMap((each) => {
    if (typeof each !== 'string') return lineOfObject(each, labels, now);
    const line = each.endsWith('\r') ? each.slice(0, -1) : each;
    if (line.trim() === '') return [];
    const object = line.startsWith('{') ? objectOf(line) : undefined;
    return object === undefined ? lineOfText(line, labels, now) : lineOfObject(object, labels, now);
  });
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
  try {
    return JSON.parse(line) as JsonObject;
  } catch {
    return undefined;
  }
}
