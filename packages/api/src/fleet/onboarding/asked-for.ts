/** What can be asked for in an onboarding request. */
import { type Static, Type } from 'typebox';
import { closed, Name, nameOf, Setting } from '../../declared/names.ts';
import { Application, DataClass, ExpectedLoad, Role, TopicUse } from '../../declared/topic.ts';

const TopicName = Type.String({
  minLength: 1,
  maxLength: 249,
  pattern: '^[A-Za-z0-9._-]+$',
  description: 'Letters, digits, ., - and _',
});
const partitions = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 100_000, description: 'Default: as many as the capacity model says' }),
);
const retentionMs = Type.Optional(
  Type.Integer({ minimum: -1, description: 'How long records are kept, in ms; -1: for ever. Default 7 days' }),
);
const retentionBytes = Type.Optional(
  Type.Integer({ minimum: -1, description: 'How much of each partition is kept; -1: no bound, the default' }),
);
const configs = Type.Optional(Type.Record(Type.String(), Setting, { description: 'Other configs of the topic' }));

export const RequestedApplication = closed(
  {
    name: Name,
    team: Type.Optional(Type.String({ description: 'Default: the team for which it is asked' })),
    role: Role,
    sites: Type.Optional(
      Type.Array(Type.String(), { description: 'Default: a producer at the first site, a consumer at all' }),
    ),
    groups: TopicUse.properties.groups,
    transactionalIds: TopicUse.properties.transactionalIds,
    publicKey: Application.properties.publicKey,
  },
  'An application that is to use the topic; it is made if there is none of this name',
);
export type RequestedApplication = Static<typeof RequestedApplication>;

export const SchemaType = Type.Union([Type.Literal('AVRO'), Type.Literal('JSON'), Type.Literal('PROTOBUF')], {
  description: 'Default AVRO',
});
export type SchemaType = Static<typeof SchemaType>;

export const RequestedSchema = closed(
  {
    type: Type.Optional(SchemaType),
    schema: Type.String({ minLength: 1, maxLength: 500_000 }),
    of: Type.Optional(
      Type.Union([Type.Literal('key'), Type.Literal('value')], {
        description: 'Which part of a record, and so the subject: TOPIC-value, the default, or TOPIC-key',
      }),
    ),
  },
  'A schema of its records',
);
export type RequestedSchema = Static<typeof RequestedSchema>;

const NewTopic = closed(
  {
    kind: Type.Literal('topic'),
    name: TopicName,
    owner: nameOf('teams'),
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    dataClass: Type.Optional(DataClass),
    expected: ExpectedLoad,
    partitions,
    replicas: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 3, if so many brokers' })),
    retentionMs,
    retentionBytes,
    compacted: Type.Optional(Type.Boolean({ description: 'The newest record of each key is kept, for ever' })),
    configs,
    environment: Type.Optional(Type.String({ description: 'Default production: and then on the twins in QA as well' })),
    sites: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 100,
        description: 'The first is where it is produced, to the others it is mirrored. Default: any one',
      }),
    ),
    zone: Type.Optional(Type.String({ description: 'The security zone that its clusters have to be in' })),
    applications: Type.Optional(Type.Array(RequestedApplication, { maxItems: 100 })),
    schemas: Type.Optional(Type.Array(RequestedSchema, { maxItems: 2 })),
  },
  'A new topic with all that goes with it',
);

const ofTopic = { topic: TopicName, cluster: nameOf('clusters') };

const Access = closed(
  { kind: Type.Literal('access'), ...ofTopic, application: RequestedApplication },
  'Access to a topic that is there',
);

const Change = closed(
  {
    kind: Type.Literal('change'),
    ...ofTopic,
    partitions,
    retentionMs,
    retentionBytes,
    configs,
    expected: Type.Optional(ExpectedLoad),
  },
  'More partitions, another retention or load of a topic, its copies and its twins',
);

const Promotion = closed(
  {
    kind: Type.Literal('promotion'),
    ...ofTopic,
    expected: Type.Optional(ExpectedLoad),
    partitions,
    replicas: NewTopic.properties.replicas,
  },
  'A topic of a QA cluster, and who uses it, to the production cluster whose twin that is',
);

const Retirement = closed(
  { kind: Type.Literal('retirement'), ...ofTopic },
  'The end of a topic, its copies and its twins',
);

export const AskedFor = Type.Union([NewTopic, Access, Change, Promotion, Retirement]);
export type AskedFor = Static<typeof AskedFor>;
