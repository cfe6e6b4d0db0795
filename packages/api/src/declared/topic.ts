/** Topics. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name, nameOf, Setting } from './names.ts';

export const DataClass = Type.Union(
  [Type.Literal('public'), Type.Literal('internal'), Type.Literal('confidential'), Type.Literal('restricted')],
  { description: 'Who may see its records' },
);
export type DataClass = Static<typeof DataClass>;

export const ExpectedLoad = closed(
  {
    recordsPerSecond: Type.Number({ minimum: 0, description: 'On an ordinary day, at its busiest hour' }),
    recordBytes: Type.Number({ minimum: 0, description: 'Mean, as stored' }),
    consumers: Type.Optional(Type.Integer({ minimum: 0, description: 'Groups that read all of it; default 1' })),
    keys: Type.Optional(Type.Integer({ minimum: 0, description: 'Distinct ones, where the topic is compacted' })),
  },
  'What its owner expects of it',
);
export type ExpectedLoad = Static<typeof ExpectedLoad>;

export const Topic = closed(
  {
    name: Type.String({ minLength: 1, maxLength: 249, description: 'As Kafka has it: letters, digits, ., - and _' }),
    cluster: nameOf('clusters'),
    description: Description,
    owner: Type.Optional(nameOf('teams')),
    partitions: Type.Integer({ minimum: 1 }),
    replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: 32_767, description: "Default the cluster's own" })),
    configs: Type.Optional(Type.Record(Type.String(), Setting, { description: "Those that are not the cluster's" })),
    dataClass: Type.Optional(DataClass),
    expected: Type.Optional(ExpectedLoad),
  },
  'A topic of one cluster',
);
export type Topic = Static<typeof Topic>;

export const Role = Type.Union([Type.Literal('producer'), Type.Literal('consumer')]);
export type Role = Static<typeof Role>;

export const TopicUse = closed(
  {
    cluster: nameOf('clusters'),
    topic: Type.String({ description: 'Its name; with a * at the end, all that begin so' }),
    role: Role,
    groups: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Of a consumer: its groups, a * at the end as above; default APPLICATION and APPLICATION.*',
      }),
    ),
    transactionalIds: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Of a producer with transactions: its ids, likewise; without them it has none',
      }),
    ),
  },
  'What an application does with a topic',
);
export type TopicUse = Static<typeof TopicUse>;

export const Application = closed(
  {
    name: Name,
    description: Description,
    team: nameOf('teams'),
    uses: Type.Optional(Type.Array(TopicUse)),
    principals: Type.Optional(
      Type.Array(Type.String({ pattern: '^User:[^*]' }), {
        description:
          'Who it is to clusters besides User:NAME.a and User:NAME.b: principals of its certificates, of older logins',
      }),
    ),
    publicKey: Type.Optional(
      Type.String({ description: 'PEM (SPKI), RSA of 2048 bits or more: its credentials are encrypted to it' }),
    ),
  },
  'An identity that produces or consumes',
);
export type Application = Static<typeof Application>;
