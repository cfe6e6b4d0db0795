/** Consumer groups: where they go on, and where they would. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';

const closed = { additionalProperties: false } as const;

/** Where a group is to go on; always brought between the start and the end of each partition. */
export const OffsetTarget = Type.Union([
  Type.Object({ kind: Type.Literal('earliest') }, closed),
  Type.Object({ kind: Type.Literal('latest') }, closed),
  Type.Object({ kind: Type.Literal('offset'), offset: Type.Integer({ minimum: 0 }) }, closed),
  Type.Object(
    {
      kind: Type.Literal('tail'),
      records: Type.Integer({ minimum: 0, description: 'So many before the end of each partition' }),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('time'),
      time: Type.String({ format: 'date-time', description: 'At the first record at or after it' }),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('shift'),
      by: Type.Integer({ description: 'Offsets forward, or back when negative, from where the group is' }),
    },
    closed,
  ),
]);
export type OffsetTarget = Static<typeof OffsetTarget>;

export const GroupReset = Type.Object(
  {
    cluster: Type.String({ minLength: 1 }),
    group: Type.String({ minLength: 1 }),
    to: OffsetTarget,
    topics: Type.Optional(
      Type.Array(
        Type.Object(
          {
            topic: Type.String({ minLength: 1 }),
            partitions: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }), { description: 'Default all' })),
          },
          closed,
        ),
        { minItems: 1, description: 'Default all partitions of which the group has offsets' },
      ),
    ),
  },
  { ...closed, description: 'Moves the committed offsets of a group that has no members' },
);
export type GroupReset = Static<typeof GroupReset>;

export const OffsetMove = Type.Object({
  topic: Type.String(),
  partition: Type.Integer({ minimum: 0 }),
  from: Type.Union([Type.Integer(), Type.Null()], { description: 'Null where the group has committed nothing yet' }),
  to: Type.Integer({ minimum: 0 }),
  skipped: Type.Integer({ minimum: 0, description: 'Offsets that the group will not read, at most as many records' }),
  readAgain: Type.Integer({ minimum: 0, description: 'Offsets that it will read a second time' }),
});
export type OffsetMove = Static<typeof OffsetMove>;

export const GroupResetPreview = Type.Object({
  cluster: Type.String(),
  group: Type.String(),
  moves: Type.Array(OffsetMove, { description: 'By topic and partition' }),
  skipped: Type.Integer({ minimum: 0 }),
  readAgain: Type.Integer({ minimum: 0 }),
});
export type GroupResetPreview = Static<typeof GroupResetPreview>;

/** What the plan `group_reset` of the same input would do; changes nothing. */
export const previewGroupReset = defineContract({
  method: 'POST',
  path: '/api/v1/groups/reset-preview',
  summary: 'Show where a reset would move the offsets of a group',
  body: GroupReset,
  response: GroupResetPreview,
  permission: 'operate',
  problems: ['not_found', 'conflict', 'forbidden', 'unavailable'],
});
