/** QA twins: clusters that have what a production cluster has, and samples of its records. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { Name } from '../declared/names.ts';

const closed = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });

export const TwinCreate = Type.Object(
  {
    name: Name,
    source: Type.String({ minLength: 1, description: 'The cluster whose shape it gets' }),
    environment: Type.Optional(Type.String({ description: 'Default qa, where that is declared' })),
    brokers: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 5_000, description: 'Default as many as the source, with the same ids' }),
    ),
  },
  { ...closed, description: 'Makes an embedded cluster of the shape of another one' },
);
export type TwinCreate = Static<typeof TwinCreate>;

export const TwinDelete = Type.Object(
  { name: Name },
  { ...closed, description: 'Ends an embedded twin, with all that it stores' },
);
export type TwinDelete = Static<typeof TwinDelete>;

export const TwinSync = Type.Object(
  {
    twin: Type.String({ minLength: 1, description: 'A cluster that is declared as the twin of another' }),
    remove: Type.Optional(
      Type.Array(Type.String(), { description: 'Ids of differences: what only the twin has and shall go' }),
    ),
  },
  { ...closed, description: 'Makes a twin the same as the cluster that it is a twin of' },
);
export type TwinSync = Static<typeof TwinSync>;

export const TwinDifference = Type.Object({
  id: Type.String({ description: 'Stable: `topic orders`, `config orders retention.ms`' }),
  kind: Type.String({ description: 'topic, partitions, replicas, config, acl, quota, user, broker or authorizer' }),
  source: Type.Union([Type.String(), Type.Null()], { description: 'What the source has; null: nothing' }),
  twin: Type.Union([Type.String(), Type.Null()], { description: 'What the twin has; null: nothing' }),
  fix: Type.Union([Type.Literal('sync'), Type.Literal('remove'), Type.Literal('none')], {
    description: 'sync: a plan mends it. remove: one does that names it. none: no plan can',
  }),
  text: Type.String({ description: 'For people' }),
});
export type TwinDifference = Static<typeof TwinDifference>;

export const TwinDiff = Type.Object({
  twin: Type.String(),
  source: Type.String(),
  observedAt: Time,
  same: Type.Boolean(),
  counts: Type.Record(Type.String(), Type.Integer(), { description: 'Differences by kind' }),
  differences: Type.Array(TwinDifference, { description: 'The first 10,000' }),
});
export type TwinDiff = Static<typeof TwinDiff>;

export const TwinView = Type.Object({
  name: Type.String(),
  source: Type.String(),
  environment: Type.Optional(Type.String()),
  bootstrap: Type.String(),
  embedded: Type.Boolean({ description: 'Whether it was made here, and can be deleted' }),
  brokers: Type.Optional(Type.Integer({ description: 'Of an embedded one' })),
});
export type TwinView = Static<typeof TwinView>;

export const twinListContract = defineContract({
  method: 'GET',
  path: '/api/v1/twins',
  summary: 'Clusters that are twins of others',
  response: Type.Object({ items: Type.Array(TwinView) }),
});

export const twinDiffContract = defineContract({
  method: 'GET',
  path: '/api/v1/twins/{twin}/diff',
  summary: 'What differs between a twin and the cluster that it is a twin of, looked at now',
  params: Type.Object({ twin: Type.String() }),
  response: TwinDiff,
  problems: ['not_found', 'conflict', 'unavailable'],
});

export const MaskRule = Type.Object(
  {
    topics: Type.Optional(Type.Array(Type.String(), { description: 'Names, * for any text; default all' })),
    part: Type.Union([Type.Literal('key'), Type.Literal('value'), Type.Literal('headers')]),
    pointer: Type.Optional(
      Type.String({
        description: 'JSON Pointer (RFC 6901) to leaves, * for any step; empty: what no other rule reaches',
      }),
    ),
    field: Type.Optional(Type.String({ description: 'The name of a member at any depth, or of a header' })),
    mask: Type.Union([Type.Literal('keep'), Type.Literal('hash'), Type.Literal('redact'), Type.Literal('format')], {
      description: 'hash: the same for the same text. format: another text of the same form, one to one',
    }),
  },
  { ...closed, description: 'Without pointer and field it is for the whole key or value, whatever that is' },
);
export type MaskRule = Static<typeof MaskRule>;

export const SampleCopy = Type.Object(
  {
    twin: Type.String({
      minLength: 1,
      description: 'The cluster that gets the records, a twin of where they come from',
    }),
    topics: Type.Array(
      Type.Object(
        {
          topic: Type.String({ minLength: 1 }),
          records: Type.Optional(
            Type.Integer({ minimum: 1, description: 'The newest, over all partitions; default 1,000 without a time' }),
          ),
          from: Type.Optional(Time),
          until: Type.Optional(Type.String({ format: 'date-time', description: 'Before this time; default now' })),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1_000 },
    ),
    rules: Type.Optional(Type.Array(MaskRule, { maxItems: 1_000 })),
  },
  { ...closed, description: 'Copies records to a twin, masked' },
);
export type SampleCopy = Static<typeof SampleCopy>;
