/** Search in the records of a topic: a bounded scan, whose finds come as lines while it goes on. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';

const closed = { additionalProperties: false } as const;
const Partition = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });
const Offset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const PartitionOffset = Type.Object({ partition: Partition, offset: Offset }, closed);

const Position = Type.String({
  maxLength: 40,
  pattern: '^(earliest|latest|-?\\d{1,16}|\\d{4}-\\d{2}-\\d{2}T[0-9:.]+(Z|[+-]\\d{2}:\\d{2}))$',
  description: 'earliest, latest, an offset, -N (N before the end of each partition), or a time (RFC 3339)',
});
const Text = Type.String({ minLength: 1, maxLength: 1_000 });

const searchFields = {
  from: Type.Optional(Position),
  until: Type.Optional(Position),
  key: Type.Optional(Type.String({ ...Text, description: 'Text in the key' })),
  value: Type.Optional(Type.String({ ...Text, description: 'Text in the value' })),
  header: Type.Optional(Type.String({ ...Text, description: 'NAME or NAME=VALUE of a header' })),
  filter: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2_000,
      description:
        'A CEL expression over key, value (texts, null when they are none), json (the value), headers, partition, ' +
        'offset and timestamp (ms since 1970): json.amount > 100.0 && key.startsWith("a")',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Finds; default 100' })),
  scanRecords: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'Default 100,000' })),
  scanBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 32, description: 'Default 256 MiB' })),
  scanSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, description: 'Default 15' })),
  valueBytesMax: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2 ** 20, description: 'Longer keys and values are cut; default 64 KiB' }),
  ),
  why: Type.Optional(Type.String({ maxLength: 500, description: 'For the audit log' })),
};

export const MessageSearch = Type.Object(
  {
    ...searchFields,
    partitions: Type.Optional(Type.Array(Partition, { minItems: 1, maxItems: 1_000, uniqueItems: true })),
    startAt: Type.Optional(
      Type.Array(PartitionOffset, {
        minItems: 1,
        maxItems: 10_000,
        description: 'Where to go on: `next` of an earlier search, in place of from and partitions',
      }),
    ),
  },
  closed,
);
export type MessageSearch = Static<typeof MessageSearch>;

const Bytes = Type.Union([Type.String(), Type.Null()]);

export const FoundMessage = Type.Object({
  type: Type.Literal('message'),
  partition: Partition,
  offset: Offset,
  timestamp: Type.Integer({ description: 'ms since 1970; -1 when unknown' }),
  key: Type.Optional(Bytes),
  keyBase64: Type.Optional(Type.String({ description: 'In place of key when that is no UTF-8' })),
  value: Type.Optional(Bytes),
  valueBase64: Type.Optional(Type.String()),
  keyBytes: Type.Integer(),
  valueBytes: Type.Integer({ description: 'Before it was cut' }),
  headers: Type.Array(
    Type.Object({ key: Type.String(), value: Type.Optional(Bytes), valueBase64: Type.Optional(Type.String()) }),
  ),
});
export type FoundMessage = Static<typeof FoundMessage>;

const scanned = {
  records: Type.Integer({ description: 'Looked at' }),
  bytes: Type.Integer({ description: 'Read, compressed as they are stored' }),
  found: Type.Integer(),
  part: Type.Number({ minimum: 0, maximum: 1, description: 'Of the offsets that there are to look at' }),
};

export const MessageLine = Type.Union([
  FoundMessage,
  Type.Object({ type: Type.Literal('progress'), ...scanned }),
  Type.Object({
    type: Type.Literal('end'),
    ...scanned,
    reason: Type.Union(
      [
        Type.Literal('end'),
        Type.Literal('limit'),
        Type.Literal('records'),
        Type.Literal('bytes'),
        Type.Literal('time'),
      ],
      { description: '`end`: all was looked at; else the bound that was reached' },
    ),
    filterErrors: Type.Integer({ description: 'Records for which the expression had no value; they are no finds' }),
    next: Type.Array(PartitionOffset, { description: 'Where a search would go on' }),
  }),
]);
export type MessageLine = Static<typeof MessageLine>;

const params = Type.Object({
  cluster: Type.String({ minLength: 1, maxLength: 100 }),
  topic: Type.String({ minLength: 1, maxLength: 249 }),
});
const path = '/api/v1/topics/{cluster}/{topic}/messages';
const answer = { kind: 'ndjson', permission: 'read_records', params, path, response: MessageLine } as const;
const problems = ['forbidden', 'not_found', 'rate_limited', 'unavailable'] as const;

export const searchMessagesContract = defineContract({
  ...answer,
  method: 'POST',
  summary: 'Search in the records of a topic, within bounds, with finds and progress as they come',
  description:
    'Whoever may read the records of the topic, by its team and data class. Each search is in the audit log.',
  body: MessageSearch,
  bodyBytesMax: 512 * 1024,
  problems,
});

export const browseMessagesContract = defineContract({
  ...answer,
  method: 'GET',
  summary: 'The like, as an address',
  query: Type.Object({ ...searchFields, partition: Type.Optional(Partition) }, closed),
  problems,
});
