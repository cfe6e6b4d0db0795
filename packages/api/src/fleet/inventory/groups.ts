/** Consumer groups of all clusters as they were last seen. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { pageOf, pageQuery } from '../page.ts';
import { Count, figure, ObservedChangeView, order, q, seenFields, TextOrNull } from './observed.ts';

export const GroupView = Type.Object(
  {
    id: Type.String({ description: 'CLUSTER/GROUP' }),
    cluster: Type.String(),
    name: Type.String(),
    state: Type.String({ description: 'Stable, Empty and so on, as Kafka has it' }),
    type: Type.String({ description: 'classic, consumer, share, streams; empty: the broker does not tell' }),
    protocolType: Type.String(),
    members: Count,
    topics: Type.Integer({ minimum: 0, description: 'That it reads or has committed offsets of' }),
    lag: figure('Records between what it has committed and the end'),
    coordinator: Type.Integer({ description: 'Node id' }),
    problem: TextOrNull,
    ...seenFields,
  },
  { description: 'A group as it was last seen' },
);
export type GroupView = Static<typeof GroupView>;

export const GroupDetail = Type.Object({
  ...GroupView.properties,
  protocol: Type.String({ description: 'The assignor in use' }),
  memberList: Type.Array(
    Type.Object({
      memberId: Type.String(),
      instanceId: TextOrNull,
      clientId: Type.String(),
      clientHost: Type.String(),
      assignment: Type.Array(Type.Object({ topic: Type.String(), partitions: Type.Array(Count) })),
    }),
  ),
  partitions: Type.Array(
    Type.Object({
      topic: Type.String(),
      partition: Count,
      committed: figure('Offset'),
      end: figure('Offset'),
      lag: figure('Records'),
      member: Type.Union([Type.String(), Type.Null()], { description: 'Who has it' }),
    }),
    { description: 'Of topics that it reads or has committed offsets of' },
  ),
  history: Type.Array(ObservedChangeView, { description: 'The newest 100, newest first' }),
});
export type GroupDetail = Static<typeof GroupDetail>;

export const listGroupsContract = defineContract({
  method: 'GET',
  path: '/api/v1/groups',
  summary: 'Groups of all clusters: filtered, sorted and in pages',
  query: Type.Object({
    q,
    cluster: Type.Optional(Type.String()),
    site: Type.Optional(Type.String()),
    environment: Type.Optional(Type.String()),
    state: Type.Optional(Type.String()),
    topic: Type.Optional(Type.String({ description: 'Only those that use this topic' })),
    lagMin: Type.Optional(Type.Integer({ minimum: 0, description: 'Only those that are so far behind' })),
    sort: Type.Optional(
      Type.Union([Type.Literal('name'), Type.Literal('cluster'), Type.Literal('lag'), Type.Literal('members')]),
    ),
    order,
    ...pageQuery,
  }),
  response: pageOf(GroupView),
  etag: true,
});

export const getGroupContract = defineContract({
  method: 'GET',
  path: '/api/v1/groups/{cluster}/{group}',
  summary: 'A group: its members, its offsets and how far it is behind',
  params: Type.Object({ cluster: Type.String(), group: Type.String() }),
  response: GroupDetail,
  problems: ['not_found'],
});
