/** What clusters have room for, what topics take of it, and what that costs. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { CalculationLine, Quantity } from './calculation.ts';

export const Resource = Type.Union(
  [Type.Literal('disk'), Type.Literal('in'), Type.Literal('out'), Type.Literal('partitions')],
  { description: 'What a broker runs out of: bytes on disk, bytes/s in and out, replicas of partitions' },
);
export type Resource = Static<typeof Resource>;

const Fits = Type.Union([Type.Literal('yes'), Type.Literal('no'), Type.Literal('unknown')]);

export const ClusterFit = Type.Object(
  {
    cluster: Type.String(),
    chosen: Type.Boolean(),
    fits: Fits,
    resources: Type.Array(
      Type.Object({
        resource: Resource,
        added: Quantity,
        after: Quantity,
        usable: Type.Optional(Quantity),
        use: Type.Optional(Type.Number({ description: 'Part of all there is that is taken then' })),
        fits: Type.Optional(Type.Boolean()),
      }),
      { description: 'Of the fullest broker; what is neither declared nor measured is absent' },
    ),
    lines: Type.Array(CalculationLine),
  },
  { description: 'What becomes of a cluster when a topic is added' },
);
export type ClusterFit = Static<typeof ClusterFit>;

export const CostEstimate = Type.Object(
  {
    monthly: Type.Number({ description: 'Afterwards' }),
    before: Type.Number(),
    change: Type.Number(),
    lines: Type.Array(CalculationLine),
  },
  { description: 'In the currency of the prices' },
);
export type CostEstimate = Static<typeof CostEstimate>;

export const ClusterCapacity = Type.Object({
  cluster: Type.String(),
  site: Type.Optional(Type.String()),
  zone: Type.Optional(Type.String()),
  environment: Type.Optional(Type.String()),
  brokers: Type.Integer(),
  topics: Type.Integer(),
  observedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  stale: Type.Boolean(),
  fits: Fits,
  use: Type.Number({ description: 'Of the scarcest resource, on the fullest broker' }),
  scarcest: Resource,
  resources: Type.Array(
    Type.Object({
      resource: Resource,
      used: Quantity,
      usable: Type.Optional(Quantity),
      total: Type.Optional(Quantity),
      use: Type.Optional(Type.Number()),
    }),
  ),
});
export type ClusterCapacity = Static<typeof ClusterCapacity>;

const WhatIf = {
  season: Type.Optional(Type.String({ description: 'The name of a season that is declared' })),
  factor: Type.Optional(
    Type.Number({ minimum: 1, maximum: 1_000, description: 'A season of so many times the traffic, instead' }),
  ),
};

export const capacityContract = defineContract({
  method: 'GET',
  path: '/api/v1/capacity',
  summary: 'What each cluster has room for, in the worst season to come or in one that is supposed; fullest first',
  query: Type.Object({ ...WhatIf, environment: Type.Optional(Type.String()), site: Type.Optional(Type.String()) }),
  response: Type.Object({
    season: Type.Union([Type.Object({ name: Type.String(), factor: Type.Number() }), Type.Null()]),
    clusters: Type.Array(ClusterCapacity),
  }),
  problems: ['not_found'],
});

export const TopicAdvice = Type.Object({
  cluster: Type.String(),
  topic: Type.String(),
  owner: Type.Optional(Type.String()),
  kind: Type.Union([
    Type.Literal('more_partitions'),
    Type.Literal('fewer_partitions'),
    Type.Literal('expected_too_low'),
    Type.Literal('expected_too_high'),
  ]),
  text: Type.String(),
  lines: Type.Array(CalculationLine),
});
export type TopicAdvice = Static<typeof TopicAdvice>;

export const clusterCapacityContract = defineContract({
  method: 'GET',
  path: '/api/v1/capacity/{cluster}',
  summary: 'The capacity of one cluster with its arithmetic, and which of its topics have not the right size',
  params: Type.Object({ cluster: Type.String() }),
  query: Type.Object(WhatIf),
  response: Type.Object({
    capacity: ClusterCapacity,
    lines: Type.Array(CalculationLine),
    advice: Type.Array(TopicAdvice),
  }),
  problems: ['not_found'],
});

export const costContract = defineContract({
  method: 'GET',
  path: '/api/v1/cost',
  summary: 'What topics cost in a month, by team, cluster or topic; dearest first',
  query: Type.Object({
    by: Type.Optional(
      Type.Union([Type.Literal('team'), Type.Literal('cluster'), Type.Literal('topic')], {
        description: 'Default team',
      }),
    ),
    team: Type.Optional(Type.String()),
    cluster: Type.Optional(Type.String()),
    topic: Type.Optional(Type.String({ description: 'With its arithmetic' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'Default 1,000' })),
  }),
  response: Type.Object({
    monthly: Type.Number({ description: 'Of all that was asked for, those that are not listed included' }),
    rows: Type.Array(
      Type.Object({
        name: Type.String({ description: 'Of a topic: CLUSTER/NAME; of topics without owner: empty' }),
        topics: Type.Integer(),
        partitions: Type.Integer(),
        storedBytes: Type.Number(),
        monthly: Type.Number(),
        budget: Type.Optional(Type.Number({ description: 'Of the team, for a month' })),
      }),
    ),
    lines: Type.Array(CalculationLine),
  }),
});
