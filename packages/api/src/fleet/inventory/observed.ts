/** What everything that was observed has in common. */
import { type TProperties, Type } from 'typebox';

export const Time = Type.String({ description: 'ISO 8601' });
export const TimeOrNull = Type.Union([Type.String(), Type.Null()], { description: 'ISO 8601' });
export const TextOrNull = Type.Union([Type.String(), Type.Null()]);
export const Count = Type.Integer({ minimum: 0 });

/** A figure; null: not known. */
export const figure = (
  description: string,
): ReturnType<typeof Type.Union<[ReturnType<typeof Type.Number>, ReturnType<typeof Type.Null>]>> =>
  Type.Union([Type.Number(), Type.Null()], { description: `${description}; null: not known` });

/** When it was seen as it is told, and whether that is long ago, or could not be asked for. */
export const seenFields = {
  observedAt: Type.Union([Type.String(), Type.Null()], { description: 'ISO 8601; null: never reached' }),
  stale: Type.Boolean({ description: 'It is the last known state: see the problem of its cluster' }),
} satisfies TProperties;

export const order = Type.Optional(
  Type.Union([Type.Literal('asc'), Type.Literal('desc')], { description: 'Default asc for names, desc for figures' }),
);

export const q = Type.Optional(Type.String({ maxLength: 249, description: 'Only names that have this in them' }));

export const ObservedChangeView = Type.Object(
  {
    at: Time,
    cluster: Type.String(),
    kind: Type.String({ description: 'cluster, broker, topic, group, acl, quota' }),
    name: Type.String({ description: 'Among its kind, in its cluster' }),
    what: Type.Union([Type.Literal('appeared'), Type.Literal('changed'), Type.Literal('gone')]),
    field: Type.Optional(Type.String()),
    from: Type.Optional(Type.Unknown()),
    to: Type.Optional(Type.Unknown()),
  },
  { description: 'What changed between two looks at a cluster' },
);
