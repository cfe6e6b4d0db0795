/** What the pipeline of logs answers: lines, their shapes, and alerts on these. Times are texts as in RFC 3339. */
import { type Static, Type } from 'typebox';
import { defineContract } from './contract.ts';

const time = Type.String({ format: 'date-time', description: 'As in RFC 3339' });
const labels = Type.Record(Type.String(), Type.String());

export const LogSeverity = Type.Union([
  Type.Literal('trace'),
  Type.Literal('debug'),
  Type.Literal('info'),
  Type.Literal('warn'),
  Type.Literal('error'),
  Type.Literal('fatal'),
]);

export const FoundLine = Type.Object({
  id: Type.String({ description: 'Partition and offset in the topic logs.lines' }),
  time,
  received: time,
  severity: Type.Union([LogSeverity, Type.Null()]),
  body: Type.String(),
  template: Type.String({ description: 'Id of its template' }),
  labels,
  attributes: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  traceId: Type.Optional(Type.String()),
  spanId: Type.Optional(Type.String()),
});
/** A line as it is answered. */
export type FoundLine = Static<typeof FoundLine>;

const filters = {
  text: Type.Optional(Type.String({ description: 'Words that lines have; "several words" together; word* begins so' })),
  label: Type.Optional(Type.String({ description: 'service=shop,host=a: labels that lines have' })),
  severity: Type.Optional(Type.String({ description: 'warn,error: any of these; warn+ is this or worse' })),
  template: Type.Optional(Type.String({ description: 'Id of a template' })),
};

export const searchLinesContract = defineContract({
  method: 'GET',
  path: '/api/v1/logs/lines',
  permission: 'read_records',
  summary: 'Lines of logs, newest first',
  query: Type.Object({
    ...filters,
    from: Type.Optional(time),
    until: Type.Optional(time),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Default 100' })),
    cursor: Type.Optional(Type.String({ description: '`next` of the page before' })),
  }),
  response: Type.Object({
    lines: Type.Array(FoundLine),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Cursor of the next page, of older lines' }),
    complete: Type.Boolean({ description: 'Whether all that was in the topic at the start is stored' }),
    blocksRead: Type.Integer({ description: 'Blocks of lines that were looked into' }),
    blocksLeftOut: Type.Integer({ description: 'Blocks that could not have any' }),
  }),
  problems: ['invalid_request'],
});

export const tailLinesContract = defineContract({
  method: 'GET',
  path: '/api/v1/logs/tail',
  permission: 'read_records',
  summary: 'Lines of logs as they come',
  kind: 'event-stream',
  query: Type.Object(filters),
  response: Type.Union([FoundLine, Type.Object({ missed: Type.Integer({ description: 'Lines left out here' }) })]),
  problems: ['invalid_request'],
});

export const LogShape = Type.Object({
  id: Type.String(),
  text: Type.String({ description: 'With <*> where lines differ' }),
  count: Type.Integer(),
  firstSeen: time,
  lastSeen: time,
});
export type LogShape = Static<typeof LogShape>;

export const logShapesContract = defineContract({
  method: 'GET',
  path: '/api/v1/logs/templates',
  summary: 'The shapes of all lines, those of most lines first',
  query: Type.Object({
    text: Type.Optional(Type.String({ description: 'Part of the text of a template' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Default 1,000' })),
  }),
  response: Type.Object({ templates: Type.Array(LogShape), total: Type.Integer(), lines: Type.Integer() }),
});

export const LogAlert = Type.Object({
  kind: Type.Union([Type.Literal('new'), Type.Literal('surge')]),
  time,
  template: Type.String(),
  text: Type.String(),
  count: Type.Integer({ description: 'Lines of the template so far' }),
  perMinute: Type.Optional(Type.Integer()),
  usualPerMinute: Type.Optional(Type.Number()),
  severity: Type.Union([LogSeverity, Type.Null()]),
  labels,
});
export type LogAlert = Static<typeof LogAlert>;

export const logAlertsContract = defineContract({
  method: 'GET',
  path: '/api/v1/logs/alerts',
  summary: 'Shapes that were new, or surged; newest first',
  response: Type.Object({ alerts: Type.Array(LogAlert) }),
});
