/** The mirrors that are declared, and how they run. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { figure, q, TextOrNull, Time, TimeOrNull } from './inventory/observed.ts';
import { MirrorState } from './mirror-state.ts';
import { pageOf, pageQuery } from './page.ts';

/** What its worker tells; null where it does not run. */
const runFields = {
  partitions: figure('Of the topics that it copies'),
  assigned: figure('Of these, those that this worker copies; other workers have the rest, or a policy stopped them'),
  stopped: figure('Partitions of this worker that stand still until somebody does something'),
  topicCount: figure('Topics that it copies'),
  lagRecords: figure('Offsets of the source that this worker has still to copy'),
  lagSeconds: figure('How old the oldest record is that it has still to copy, by the time that the record has'),
  recordsPerSecond: figure('Over some ten seconds'),
  bytesPerSecond: figure('Likewise, as stored on the target'),
  recordsCopied: figure('Since the worker began'),
  bytesCopied: figure('Likewise'),
};

export const MirrorView = Type.Object(
  {
    name: Type.String(),
    source: Type.String({ description: 'Cluster' }),
    target: Type.String({ description: 'Cluster' }),
    topics: Type.Array(Type.String(), { description: 'Names or patterns, as declared' }),
    prefix: Type.String({ description: 'Before the names of topics on the target' }),
    guarantee: Type.Union([Type.Literal('exactly-once'), Type.Literal('at-least-once')]),
    state: MirrorState,
    since: TimeOrNull,
    problem: Type.Union([Type.String(), Type.Null()], { description: 'Why it is not as it should be' }),
    worker: Type.Union([Type.String(), Type.Null()], { description: 'The process of the control plane that runs it' }),
    observedAt: TimeOrNull,
    ...runFields,
  },
  { description: 'A mirror that is declared, and how it runs' },
);
export type MirrorView = Static<typeof MirrorView>;

export const MirroredPartition = Type.Object({
  topic: Type.String({ description: 'On the source' }),
  partition: Type.Integer({ minimum: 0 }),
  targetTopic: Type.String(),
  lagRecords: figure('Offsets of the source that are still to be copied'),
  lagSeconds: figure('How old the oldest record is that is still to be copied'),
  recordsCopied: Type.Integer({ minimum: 0, description: 'Since the worker has it' }),
  bytesCopied: Type.Integer({ minimum: 0 }),
});
export type MirroredPartition = Static<typeof MirroredPartition>;

export const MirrorTrouble = Type.Object(
  {
    at: Time,
    level: Type.Union([Type.Literal('warn'), Type.Literal('error')]),
    event: Type.String({ description: 'A name that stays: partition_failed, topic_failed, records_lost, and so on' }),
    message: Type.String(),
    topic: TextOrNull,
    partition: Type.Union([Type.Integer(), Type.Null()]),
  },
  { description: 'What a mirror told that somebody may have to do something about' },
);
export type MirrorTrouble = Static<typeof MirrorTrouble>;

export const MirrorDetail = Type.Object({
  ...MirrorView.properties,
  partitionList: Type.Array(MirroredPartition, { description: 'Those of its worker, the farthest behind first' }),
  troubles: Type.Array(MirrorTrouble, { description: 'Newest first' }),
});
export type MirrorDetail = Static<typeof MirrorDetail>;

export const listMirrorsContract = defineContract({
  method: 'GET',
  path: '/api/v1/mirrors',
  summary: 'The mirrors that are declared, and how they run',
  query: Type.Object({
    ...pageQuery,
    q,
    cluster: Type.Optional(Type.String({ description: 'Only from or to this cluster' })),
    state: Type.Optional(MirrorState),
  }),
  response: pageOf(MirrorView),
});

export const getMirrorContract = defineContract({
  method: 'GET',
  path: '/api/v1/mirrors/{name}',
  summary: 'A mirror, with each partition that its worker copies and what went wrong',
  params: Type.Object({ name: Type.String() }),
  response: MirrorDetail,
  problems: ['not_found'],
});
