/** Figures over time. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { Count } from './observed.ts';

export const seriesMetrics = [
  'recordsPerSecond',
  'bytesPerSecond',
  'storedBytes',
  'lag',
  'topics',
  'partitions',
  'groups',
  'brokers',
  'underReplicated',
  'offline',
  'lookMs',
  'logBytes',
  'reachable',
] as const;

export const SeriesName = Type.Object({
  metric: Type.Unsafe<(typeof seriesMetrics)[number]>({ type: 'string', enum: [...seriesMetrics] }),
  cluster: Type.String(),
  topic: Type.Optional(Type.String()),
  group: Type.Optional(Type.String()),
  broker: Type.Optional(Type.Integer({ description: 'Node id' })),
});
export type SeriesName = Static<typeof SeriesName>;

export const seriesMax = 500;

export const querySeriesContract = defineContract({
  method: 'POST',
  path: '/api/v1/series/query',
  summary: 'Many figures over time, each with so many points at most',
  description:
    'A point is the least, greatest and mean value from its time on, for `stepMs`; a peak stays one however long the ' +
    'time is. Where nobody looked there is no point.',
  permission: 'view',
  body: Type.Object({
    series: Type.Array(SeriesName, { minItems: 1, maxItems: seriesMax }),
    from: Type.String({ format: 'date-time' }),
    to: Type.Optional(Type.String({ format: 'date-time', description: 'Not part of it; default now' })),
    maxPoints: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Of each; default 300' })),
  }),
  response: Type.Object({
    series: Type.Array(
      Type.Object({
        ...SeriesName.properties,
        stepMs: Count,
        points: Type.Array(Type.Array(Type.Number(), { minItems: 4, maxItems: 4 }), {
          description: 'Each [begin in ms since 1970, min, max, mean], ascending',
        }),
      }),
    ),
  }),
});
