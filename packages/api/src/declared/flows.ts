/** What moves records: mirrors and connectors. */
import { type Static, Type } from 'typebox';
import { closed, Description, Name, nameOf, Setting } from './names.ts';

export const Mirror = closed(
  {
    name: Name,
    description: Description,
    source: nameOf('clusters'),
    target: nameOf('clusters'),
    topics: Type.Array(Type.String(), { minItems: 1, description: 'Names, or patterns with * for any text' }),
    exclude: Type.Optional(Type.Array(Type.String(), { description: 'Likewise, of what is left out' })),
    groups: Type.Optional(Type.Array(Type.String(), { description: 'Groups whose offsets go with it; default all' })),
    prefix: Type.Optional(Type.String({ description: 'Before the names of topics on the target; default none' })),
    localOnly: Type.Optional(Type.Boolean({ description: 'Only what was produced on the source itself' })),
  },
  'A standing copy from one cluster to another',
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
