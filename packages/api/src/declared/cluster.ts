/** Clusters: where they are, what they have room for, what belongs to them. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name, nameOf, Setting } from './names.ts';

export const Bootstrap = Type.String({
  minLength: 1,
  description: 'Bootstrap servers: HOST:PORT, several of them separated by commas',
  examples: ['kafka-1.example:9092,kafka-2.example:9092'],
});

export const Capacity = closed(
  {
    diskBytes: Type.Optional(Type.Integer({ minimum: 0, description: 'For logs, of each broker' })),
    networkBytesPerSecond: Type.Optional(Type.Integer({ minimum: 0, description: 'In and out each, of each broker' })),
    partitionsMax: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Replicas that a broker is to hold at most' }),
    ),
    headRoom: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Part that stays free in the worst season; default 0.3' }),
    ),
  },
  'What a broker has room for; of what is not given only what is measured is known',
);
export type Capacity = Static<typeof Capacity>;

export const Prices = closed(
  {
    storedGibMonth: Type.Optional(Type.Number({ minimum: 0, description: 'Of 1 GiB on disk for a month, a replica' })),
    trafficGib: Type.Optional(Type.Number({ minimum: 0, description: 'Of 1 GiB in or out' })),
    partitionMonth: Type.Optional(Type.Number({ minimum: 0, description: 'Of a replica of a partition for a month' })),
  },
  'What is put on the account of a team',
);
export type Prices = Static<typeof Prices>;

export const clusterFields = {
  name: Name,
  description: Description,
  site: Type.Optional(nameOf('sites')),
  zone: Type.Optional(nameOf('zones')),
  environment: Type.Optional(nameOf('environments')),
  bootstrap: Bootstrap,
  client: Type.Optional(
    Type.Record(Type.String(), Setting, {
      description: 'How clients reach it, by the names that Java clients use; any value may be env:NAME or file:PATH',
    }),
  ),
  twinOf: Type.Optional(
    Type.String({ description: 'The cluster whose topics, configurations and security it has: QA of production' }),
  ),
  capacity: Type.Optional(Capacity),
  prices: Type.Optional(Prices),
};

export const Cluster = closed(clusterFields, 'A Kafka cluster that runs already');
export type Cluster = Static<typeof Cluster>;

export const ConnectCluster = closed(
  {
    name: Name,
    description: Description,
    cluster: nameOf('clusters'),
    url: Type.String({ description: 'Of its REST interface: http://HOST:PORT' }),
    user: Type.Optional(Type.String({ description: 'For basic authentication' })),
    password: Type.Optional(Type.String({ description: 'A reference, never the value: env:NAME or file:PATH' })),
  },
  'A Kafka Connect cluster that runs already',
);
export type ConnectCluster = Static<typeof ConnectCluster>;
