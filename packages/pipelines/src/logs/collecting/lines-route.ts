/**
 * `POST /logs`: a line each line, as text or as a JSON object; or a JSON array of them. Parameters of the address are
 * labels of all its lines. Answers 200 only when the brokers have all of them.
 */
import { defineContract, implement, type Route } from '@millrace/api';
import { Type } from 'typebox';
import { bodyBytes } from '../../collecting/body-bytes.ts';
import { collectorDialect } from '../../collecting/collector-dialect.ts';
import { batchOf } from './line-batch.ts';
import type { LineIntake } from './line-intake.ts';
import { linesOf } from './lines-of-body.ts';

const bodyBytesMax = 8 * 2 ** 20;
const unpackedBytesMax = 32 * 2 ** 20;

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
