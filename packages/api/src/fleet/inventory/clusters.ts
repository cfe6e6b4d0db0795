/** The clusters of the fleet as they were last seen, and their brokers. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { pageOf, pageQuery } from '../page.ts';
import { Count, figure, ObservedChangeView, order, q, seenFields, TextOrNull } from './observed.ts';

export const ClusterView = Type.Object(
  {
    name: Type.String(),
    description: Type.Optional(Type.String()),
    site: TextOrNull,
    zone: TextOrNull,
    environment: TextOrNull,
    bootstrap: Type.String(),
    twinOf: TextOrNull,
    ...seenFields,
    problem: Type.Union([Type.String(), Type.Null()], { description: 'Why it could not be reached the last time' }),
    clusterId: TextOrNull,
    controllerId: Type.Integer({ description: 'Node id; -1: none' }),
    brokers: Count,
    brokersSilent: Type.Integer({ minimum: 0, description: 'Of them, those that did not answer for themselves' }),
    topics: Count,
    partitions: Count,
    groups: Count,
    underReplicated: Type.Integer({ minimum: 0, description: 'Partitions with fewer replicas in sync than they have' }),
    offline: Type.Integer({ minimum: 0, description: 'Partitions without a leader' }),
    storedBytes: figure('On the disks of its brokers, with all replicas'),
    diskTotalBytes: figure('Of the disks of brokers that tell'),
    diskUsableBytes: figure('Free on them'),
    recordsPerSecond: figure('Produced'),
    bytesPerSecond: figure('By which the logs of leaders grow'),
    acls: figure('How many'),
    quotas: figure('How many'),
  },
  { description: 'A cluster as it was last seen' },
);
export type ClusterView = Static<typeof ClusterView>;

export const BrokerView = Type.Object(
  {
    id: Type.String({ description: 'CLUSTER/NODE' }),
    cluster: Type.String(),
    nodeId: Type.Integer(),
    host: Type.String(),
    port: Type.Integer(),
    rack: TextOrNull,
    controller: Type.Boolean(),
    replicas: Type.Integer({ minimum: 0, description: 'Of partitions' }),
    leads: Type.Integer({ minimum: 0, description: 'Partitions' }),
    logBytes: figure('Of the logs on it'),
    diskTotalBytes: figure('Of its disks'),
    diskUsableBytes: figure('Free on them'),
    problem: TextOrNull,
    ...seenFields,
  },
  { description: 'A broker as it was last seen' },
);
export type BrokerView = Static<typeof BrokerView>;

export const BrokerDetail = Type.Object({
  ...BrokerView.properties,
  configs: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], {
    description: 'That are not the defaults, without secrets; null: not known',
  }),
  history: Type.Array(ObservedChangeView, { description: 'The newest 100, newest first' }),
});
export type BrokerDetail = Static<typeof BrokerDetail>;

export const ClusterDetail = Type.Object({
  ...ClusterView.properties,
  brokerList: Type.Array(BrokerView),
  history: Type.Array(ObservedChangeView, { description: 'Of itself and its brokers, the newest 100, newest first' }),
});
export type ClusterDetail = Static<typeof ClusterDetail>;

const ClusterName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });

export const listClustersContract = defineContract({
  method: 'GET',
  path: '/api/v1/clusters',
  summary: 'The clusters of the fleet, each with its last known state and its age',
  query: Type.Object({
    q,
    site: Type.Optional(Type.String()),
    zone: Type.Optional(Type.String()),
    environment: Type.Optional(Type.String()),
    ...pageQuery,
  }),
  response: pageOf(ClusterView),
  etag: true,
});

export const getClusterContract = defineContract({
  method: 'GET',
  path: '/api/v1/clusters/{name}',
  summary: 'A cluster, its brokers, and what changed',
  params: ClusterName,
  response: ClusterDetail,
  problems: ['not_found'],
});

export const refreshClusterContract = defineContract({
  method: 'POST',
  path: '/api/v1/clusters/{name}/refresh',
  summary: 'Looks at a cluster now, whole',
  description: 'Answers what was seen, or the last known state with its problem.',
  params: ClusterName,
  permission: 'operate',
  response: ClusterView,
  problems: ['not_found'],
});

export const listBrokersContract = defineContract({
  method: 'GET',
  path: '/api/v1/brokers',
  summary: 'The brokers of all clusters',
  query: Type.Object({
    q,
    cluster: Type.Optional(Type.String()),
    site: Type.Optional(Type.String()),
    environment: Type.Optional(Type.String()),
    rack: Type.Optional(Type.String()),
    silent: Type.Optional(Type.Boolean({ description: 'Only those that did not answer' })),
    sort: Type.Optional(
      Type.Union([
        Type.Literal('id'),
        Type.Literal('host'),
        Type.Literal('replicas'),
        Type.Literal('leads'),
        Type.Literal('logBytes'),
        Type.Literal('diskUsableBytes'),
      ]),
    ),
    order,
    ...pageQuery,
  }),
  response: pageOf(BrokerView),
  etag: true,
});

export const getBrokerContract = defineContract({
  method: 'GET',
  path: '/api/v1/brokers/{cluster}/{nodeId}',
  summary: 'A broker, its settings, and what changed',
  params: Type.Object({ cluster: Type.String(), nodeId: Type.Integer({ minimum: 0 }) }),
  response: BrokerDetail,
  problems: ['not_found'],
});

export const listChangesContract = defineContract({
  method: 'GET',
  path: '/api/v1/changes',
  summary: 'What changed in the clusters, as it was observed, newest first',
  query: Type.Object({
    cluster: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String({ description: 'cluster, broker, topic, group, acl, quota' })),
    name: Type.Optional(Type.String({ description: 'Only of what has this name' })),
    from: Type.Optional(Type.String({ format: 'date-time', description: 'Not before' })),
    until: Type.Optional(Type.String({ format: 'date-time', description: 'Before' })),
    ...pageQuery,
  }),
  response: pageOf(ObservedChangeView),
});

export const readAuthorizerLogContract = defineContract({
  method: 'POST',
  path: '/api/v1/clusters/{name}/authorizer-log',
  summary: "Lines of the authorizer log of a cluster's broker: who used which topic",
  description:
    'As kafka.authorizer.logger writes them on level DEBUG. Other lines are passed over. What they tell is believed: ' +
    'a credential that is in use by them is not retired, one that is not may be.',
  params: ClusterName,
  permission: 'administer',
  body: Type.Object({ lines: Type.Array(Type.String({ maxLength: 10_000 }), { maxItems: 10_000 }) }),
  bodyBytesMax: 8 * 2 ** 20,
  response: Type.Object({
    lines: Type.Integer({ minimum: 0, description: 'That were read' }),
    uses: Type.Integer({ minimum: 0, description: 'Different ones that they tell of' }),
  }),
  problems: ['not_found'],
});

export const reportUsesContract = defineContract({
  method: 'POST',
  path: '/api/v1/uses',
  summary: 'Who uses which topics, from somebody who knows',
  description: 'It is believed, as what the inventory sees itself.',
  permission: 'administer',
  body: Type.Object({
    uses: Type.Array(
      Type.Object({
        cluster: Type.String({ minLength: 1, maxLength: 100 }),
        topic: Type.String({ minLength: 1, maxLength: 249, pattern: '^[A-Za-z0-9._-]+$' }),
        role: Type.Union([Type.Literal('producer'), Type.Literal('consumer')]),
        source: Type.Union([Type.Literal('client_report'), Type.Literal('jmx')]),
        name: Type.String({
          minLength: 1,
          maxLength: 500,
          description: 'A principal, as `User:orders.a`, or an application',
        }),
        hosts: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 20 })),
        at: Type.Optional(
          Type.String({ format: 'date-time', description: 'When it was seen last; default and latest: now' }),
        ),
      }),
      { maxItems: 5_000 },
    ),
  }),
  response: Type.Object({ uses: Count }),
  problems: ['not_found'],
});
