/** The topics of all clusters as they were last seen, with what is declared of them. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { pageQuery } from '../page.ts';
import { Count, figure, ObservedChangeView, order, q, seenFields, TextOrNull, Time, TimeOrNull } from './observed.ts';

export const TopicView = Type.Object(
  {
    id: Type.String({ description: 'CLUSTER/TOPIC' }),
    cluster: Type.String(),
    name: Type.String(),
    there: Type.Boolean({ description: 'False: it is declared, and the cluster has no such topic' }),
    declared: Type.Boolean(),
    internal: Type.Boolean(),
    owner: Type.Union([Type.String(), Type.Null()], { description: 'Team' }),
    dataClass: TextOrNull,
    partitions: Count,
    replicas: Type.Integer({ minimum: 0, description: 'Of each partition' }),
    underReplicated: Count,
    offline: Count,
    storedBytes: figure('On disk, with all replicas'),
    recordsPerSecond: figure('Produced'),
    bytesPerSecond: figure('By which the logs of its leaders grow'),
    consumers: Type.Integer({ minimum: 0, description: 'Groups that read it, or have committed offsets of it' }),
    trafficAt: Type.Union([Type.String(), Type.Null()], {
      description: 'When it was last seen to grow; null: not since `seenSince`',
    }),
    newestRecordAt: Type.Union([Type.String(), Type.Null()], {
      description: 'While no traffic is seen: the time that the producer of its newest record set; null: not known',
    }),
    consumedAt: Type.Union([Type.String(), Type.Null()], {
      description: 'When a group was last seen to read it; null: not since `seenSince`',
    }),
    seenSince: TimeOrNull,
    ...seenFields,
  },
  { description: 'A topic as it was last seen' },
);
export type TopicView = Static<typeof TopicView>;

export const TopicUseView = Type.Object(
  {
    role: Type.Union([Type.Literal('producer'), Type.Literal('consumer')]),
    source: Type.String({
      description:
        'How it is known: group_assignment, committed_offset, transactional_id, producer_id, authorizer_log, ' +
        'client_report, jmx',
    }),
    name: Type.Union([Type.String(), Type.Null()], {
      description: 'Group, transactional id, principal or application; null: Kafka does not tell who it is',
    }),
    producerId: Type.Optional(Type.Integer()),
    clientIds: Type.Array(Type.String()),
    hosts: Type.Array(Type.String()),
    firstAt: TimeOrNull,
    lastAt: Time,
    lag: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { description: 'Who was seen to use a topic' },
);
export type TopicUseView = Static<typeof TopicUseView>;

export const TopicDetail = Type.Object({
  ...TopicView.properties,
  topicId: TextOrNull,
  configs: Type.Record(Type.String(), Type.String(), { description: 'That are set for the topic itself' }),
  partitionList: Type.Array(
    Type.Object({
      partition: Count,
      leader: Type.Integer({ description: 'Node id; -1: none' }),
      leaderEpoch: Type.Integer(),
      replicas: Type.Array(Type.Integer()),
      inSync: Type.Array(Type.Integer()),
      offline: Type.Array(Type.Integer()),
      endOffset: figure('Where the next record goes'),
    }),
  ),
  uses: Type.Array(TopicUseView),
  history: Type.Array(ObservedChangeView, { description: 'The newest 100, newest first' }),
});
export type TopicDetail = Static<typeof TopicDetail>;

/** What can be asked for of topics that need attention. */
export const TopicFlag = Type.Union([
  Type.Literal('unowned'),
  Type.Literal('idle'),
  Type.Literal('unconsumed'),
  Type.Literal('under_replicated'),
  Type.Literal('offline'),
  Type.Literal('undeclared'),
  Type.Literal('missing'),
]);
export type TopicFlag = Static<typeof TopicFlag>;

const topicFilter = {
  q,
  cluster: Type.Optional(Type.String()),
  site: Type.Optional(Type.String()),
  zone: Type.Optional(Type.String()),
  environment: Type.Optional(Type.String()),
  owner: Type.Optional(Type.String({ description: 'Team' })),
  dataClass: Type.Optional(Type.String()),
  internal: Type.Optional(Type.Boolean({ description: 'Internal ones too; default false' })),
  only: Type.Optional(
    Type.String({
      pattern: '^[a-z_]+(,[a-z_]+)*$',
      description: 'All of these: unowned, idle, unconsumed, under_replicated, offline, undeclared, missing',
    }),
  ),
  quietHours: Type.Optional(
    Type.Number({ minimum: 0, description: 'For so long nobody wrote (idle) or read (unconsumed); default 24' }),
  ),
};

const Facet = Type.Record(Type.String(), Count, { description: 'How many have each value; empty text: none' });

export const listTopicsContract = defineContract({
  method: 'GET',
  path: '/api/v1/topics',
  summary: 'Topics of all clusters: filtered, sorted and in pages',
  query: Type.Object({
    ...topicFilter,
    sort: Type.Optional(
      Type.Union([
        Type.Literal('name'),
        Type.Literal('cluster'),
        Type.Literal('owner'),
        Type.Literal('partitions'),
        Type.Literal('storedBytes'),
        Type.Literal('recordsPerSecond'),
        Type.Literal('bytesPerSecond'),
        Type.Literal('consumers'),
        Type.Literal('trafficAt'),
        Type.Literal('consumedAt'),
      ]),
    ),
    order,
    fields: Type.Optional(
      Type.String({ pattern: '^[A-Za-z]+(,[A-Za-z]+)*$', description: 'Only these of each topic; id is always there' }),
    ),
    facets: Type.Optional(Type.Boolean({ description: 'Counts too, over all that fit' })),
    ...pageQuery,
  }),
  response: Type.Object({
    items: Type.Array(Type.Intersect([Type.Object({ id: Type.String() }), Type.Partial(TopicView)])),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Where the next page begins; null: nowhere' }),
    total: Type.Integer({ minimum: 0, description: 'All that fit' }),
    facets: Type.Optional(
      Type.Object({ cluster: Facet, environment: Facet, site: Facet, owner: Facet, dataClass: Facet, flags: Facet }),
    ),
  }),
  etag: true,
});

export const topicTableColumns = [
  'cluster',
  'name',
  'owner',
  'partitions',
  'replicas',
  'storedBytes',
  'recordsPerSecond',
  'bytesPerSecond',
  'consumers',
  'flags',
] as const;

/** Bits of the column `flags`. */
export const topicTableFlags = {
  internal: 1,
  declared: 2,
  missing: 4,
  underReplicated: 8,
  offline: 16,
  stale: 32,
} as const;

export const topicTableContract = defineContract({
  method: 'GET',
  path: '/api/v1/topics/table',
  summary: 'All topics that fit, as a compact table: under 2 MB for 20,000',
  description:
    'Rows are arrays in the order of `columns`. Cluster and owner are places in `clusters` and `owners` (-1: none), ' +
    'figures have three digits (-1: not known), flags are bits: 1 internal, 2 declared, 4 missing, ' +
    '8 under-replicated, 16 offline, 32 stale.',
  query: Type.Object(topicFilter),
  response: Type.Object({
    columns: Type.Array(Type.String()),
    clusters: Type.Array(Type.String()),
    owners: Type.Array(Type.String()),
    rows: Type.Array(Type.Array(Type.Union([Type.String(), Type.Number()]))),
  }),
  etag: true,
});

export const getTopicContract = defineContract({
  method: 'GET',
  path: '/api/v1/topics/{cluster}/{topic}',
  summary: 'A topic: its partitions, settings, users and history',
  params: Type.Object({ cluster: Type.String(), topic: Type.String({ maxLength: 249 }) }),
  response: TopicDetail,
  problems: ['not_found'],
});
