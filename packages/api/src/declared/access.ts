/** ACLs and quotas of clusters, beyond those that follow from what applications use. */
import { type Static, Type } from 'typebox';
import { closed, nameOf } from './names.ts';

export const Acl = closed(
  {
    cluster: nameOf('clusters'),
    principal: Type.String({ minLength: 1, description: 'User:NAME, or User:* for all' }),
    host: Type.Optional(Type.String({ description: 'Default *, every host' })),
    operation: Type.String({ description: 'read, write, describe, all and so on, as the client has them' }),
    permission: Type.Optional(
      Type.Union([Type.Literal('allow'), Type.Literal('deny')], { description: 'Default allow' }),
    ),
    resourceType: Type.String({ description: 'topic, group, cluster, transactional-id and so on, likewise' }),
    resourceName: Type.String({ minLength: 1 }),
    patternType: Type.Optional(
      Type.Union([Type.Literal('literal'), Type.Literal('prefixed')], { description: 'Default literal' }),
    ),
  },
  'An access control entry of one cluster',
);
export type Acl = Static<typeof Acl>;

const Entity = Type.Optional(Type.String({ description: '<default> is everybody who has no quota of their own' }));

export const Quota = closed(
  {
    cluster: nameOf('clusters'),
    user: Entity,
    clientId: Entity,
    ip: Entity,
    limits: Type.Record(Type.String(), Type.Number({ minimum: 0 }), {
      description: "By Kafka's names: producer_byte_rate, consumer_byte_rate, request_percentage and so on",
    }),
  },
  'Limits of a client, of one cluster',
);
export type Quota = Static<typeof Quota>;
