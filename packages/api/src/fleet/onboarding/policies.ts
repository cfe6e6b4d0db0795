/** What policies decide of a request on, and what they say. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { Policy } from '../../declared/policy.ts';

const text = (description: string) => Type.String({ description });
const whole = (description: string) => Type.Integer({ description });
const number = (description: string) => Type.Number({ description });
const flag = (description: string) => Type.Boolean({ description });

export const RequestKind = Type.Union([
  Type.Literal('topic'),
  Type.Literal('access'),
  Type.Literal('change'),
  Type.Literal('promotion'),
  Type.Literal('retirement'),
]);
export type RequestKind = Static<typeof RequestKind>;

const Amounts = Type.Object({
  topics: whole('Topics'),
  partitions: whole('Partitions, without replicas'),
  storedBytes: number('Stored with all replicas'),
  monthlyCost: number('In the currency of the prices'),
});

export const PolicyView = Type.Object(
  {
    request: Type.Object({
      kind: RequestKind,
      environment: text('Of the clusters it is for: production, qa'),
      topic: text('Name of the topic'),
      owner: text('The team that owns the topic, or will'),
      team: text('The team for which it is asked'),
      requester: text('Who asks: user:ann'),
      description: text('Of the topic; empty when none is given'),
      dataClass: text('public, internal, confidential or restricted; empty when none is given'),
      partitions: whole('Of the topic, on each of its clusters'),
      partitionsBefore: whole('That it has; 0 of a new one'),
      replicas: whole('Of each partition'),
      retentionDays: number('-1: for ever'),
      retentionBytes: number('Of each partition; -1: no bound'),
      compacted: flag('Whether the newest record of each key is kept'),
      recordsPerSecond: number('Expected on an ordinary day at its busiest hour'),
      recordBytes: number('Mean size of a record'),
      bytesPerSecond: number('Both multiplied; of a topic that is there what was measured, if that is more'),
      consumers: whole('Groups that read all of it'),
      sites: Type.Array(Type.String(), { description: 'The first is where it is produced' }),
      clusters: Type.Array(Type.String(), { description: 'On which it will be, twins left out' }),
      mirrors: whole('Copies to other clusters that it asks for'),
      hasSchema: flag('Whether it comes with a schema'),
      losesRecords: flag('Whether records that are kept now may be deleted then'),
      ownNames: flag("Whether groups and transactional ids are called as their application, and as no other team's"),
      newApplications: Type.Array(Type.String(), { description: 'Names of those that do not exist yet' }),
      applications: Type.Array(
        Type.Object({ name: Type.String(), team: Type.String(), role: text('producer or consumer') }),
      ),
      configs: Type.Record(Type.String(), Type.String(), { description: 'Those that are set, as text' }),
    }),
    team: Type.Object({
      name: text('The team that owns the topic'),
      used: Amounts,
      after: Amounts,
      overBudget: Type.Array(Type.String(), { description: 'Of topics, partitions, storedBytes, monthlyCost' }),
    }),
    capacity: Type.Object({
      fits: text('yes, no or unknown; of several clusters the worst'),
      brokers: whole('Of the smallest of the clusters'),
      use: number('Part of the scarcest resource that is taken then, on the fullest broker'),
      scarcest: text('disk, in, out or partitions'),
      season: number('How many times the traffic of an ordinary day is reckoned with'),
    }),
    cost: Type.Object({
      monthly: number('Of the topic, on all of its clusters'),
      before: number('What it costs now; 0 of a new one'),
      change: number('The difference'),
    }),
  },
  { description: 'What a CEL expression of a policy may name; everything is always there' },
);
export type PolicyView = Static<typeof PolicyView>;

export const Decision = Type.Union([Type.Literal('refuse'), Type.Literal('ask'), Type.Literal('approve')]);
export type Decision = Static<typeof Decision>;

export const PolicySaying = Type.Object(
  {
    policy: Type.String(),
    decision: Decision,
    message: Type.String({ description: 'The reason that people are told' }),
    failed: Type.Optional(Type.Boolean({ description: 'It could not be evaluated, so a person is asked' })),
  },
  { description: 'What a policy says of a request' },
);
export type PolicySaying = Static<typeof PolicySaying>;

export const PolicyVerdict = Type.Object({
  decision: Decision,
  sayings: Type.Array(PolicySaying, { description: 'The strictest first' }),
});
export type PolicyVerdict = Static<typeof PolicyVerdict>;

export const EffectivePolicy = Type.Object({
  ...Policy.properties,
  builtIn: Type.Boolean({ description: 'It comes with Millrace; one that is declared with its name replaces it' }),
});
export type EffectivePolicy = Static<typeof EffectivePolicy>;

export const policiesContract = defineContract({
  method: 'GET',
  path: '/api/v1/policies',
  summary: 'The policies that decide of requests: those that are declared, and those that come with Millrace',
  response: Type.Object({ policies: Type.Array(EffectivePolicy) }),
});

export const policyCheckContract = defineContract({
  method: 'POST',
  path: '/api/v1/policies/check',
  summary: 'Try expressions of policies: what is wrong with them, and what they say of a request',
  permission: 'view',
  body: Type.Object(
    {
      policies: Type.Array(Policy, { minItems: 1, maxItems: 100 }),
      view: Type.Optional(PolicyView),
      request: Type.Optional(Type.String({ description: 'Id of a request: they are tried on what it was decided on' })),
    },
    { additionalProperties: false },
  ),
  response: Type.Object({
    issues: Type.Array(
      Type.Object({
        policy: Type.String(),
        message: Type.String(),
      }),
      { description: 'Policies with issues are not evaluated' },
    ),
    verdict: Type.Optional(PolicyVerdict),
  }),
  problems: ['not_found', 'rate_limited'],
});
