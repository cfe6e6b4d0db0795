/** What moves records: mirrors and connectors. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name, nameOf, Setting } from './names.ts';

/** One of two words, of which the first is the default. */
const oneOf = <const A extends string, const B extends string>(usual: A, other: B, description: string) =>
  Type.Optional(
    Type.Union([Type.Literal(usual), Type.Literal(other)], { description: `${description}; default ${usual}` }),
  );

const patterns = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));

export const Mirror = closed(
  {
    name: Name,
    description: Description,
    source: nameOf('clusters'),
    target: nameOf('clusters'),
    topics: Type.Array(Type.String(), { minItems: 1, description: 'Names, or patterns with * for any text' }),
    exclude: patterns('Likewise, of what is left out'),
    groups: patterns('Groups whose offsets go with it, likewise; default all'),
    prefix: Type.Optional(Type.String({ description: 'Before the names of topics on the target; default none' })),
    localOnly: Type.Optional(Type.Boolean({ description: 'Only what was produced on the source itself' })),
    paused: Type.Optional(Type.Boolean({ description: 'The control plane does not run it; default false' })),
    begin: oneOf('earliest', 'latest', 'Where to begin with what was never copied'),
    guarantee: oneOf('exactly-once', 'at-least-once', 'What a crash does to records: nothing, or it repeats some'),
    bytesPerSecondMax: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Of all its workers together, as records lie on the source' }),
    ),
    memoryBytesMax: Type.Optional(
      Type.Integer({ minimum: 1_048_576, description: 'What a worker holds that the target has not stored; 256 MiB' }),
    ),
    replicas: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 32_767, description: "Of topics that it makes; default the target's own" }),
    ),
    shards: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'Most workers that can share it; fixed once it has run',
      }),
    ),
    first: patterns('Topics that come first where not all can be fetched at once, likewise'),
    acls: Type.Optional(
      Type.Boolean({ description: 'Rights to read topics go with them; default false: access is what is declared' }),
    ),
    lostRecords: oneOf('continue', 'stop', 'Where the source deleted records before they were copied'),
    largeRecords: oneOf('stop', 'skip', 'Where a record is larger than the target takes'),
    invalidTimes: oneOf('stop', 'skip', 'Where the target refuses the times of records'),
    recreatedTopics: oneOf('stop', 'continue', 'Where a topic was deleted on the source and made anew'),
    truncatedTarget: oneOf('stop', 'continue', 'Where the target lost records that were copied'),
  },
  'A standing copy from one cluster to another, which the control plane runs',
);
export type Mirror = Static<typeof Mirror>;

export const Connector = closed(
  {
    name: Type.String({ minLength: 1, maxLength: 249 }),
    connect: nameOf('Connect clusters'),
    owner: Type.Optional(nameOf('teams')),
    config: Type.Record(Type.String(), Setting, {
      description: 'With connector.class; values of secrets are references',
    }),
    state: Type.Optional(
      Type.Union([Type.Literal('running'), Type.Literal('paused'), Type.Literal('stopped')], {
        description: 'Default running',
      }),
    ),
  },
  'A connector of a Kafka Connect cluster',
);
export type Connector = Static<typeof Connector>;
