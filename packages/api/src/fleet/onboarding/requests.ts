/** Onboarding requests: what would be done about them, and what became of them. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { closed, Setting } from '../../declared/names.ts';
import { Application, ExpectedLoad, Topic, TopicUse } from '../../declared/topic.ts';
import { IssuedSecret } from '../identity.ts';
import { pageOf, pageQuery } from '../page.ts';
import { AskedFor, SchemaType } from './asked-for.ts';
import { ClusterFit, CostEstimate } from './capacity.ts';
import { PolicyVerdict, RequestKind } from './policies.ts';

export const ProposedTopic = closed(
  {
    purpose: Type.Union([Type.Literal('home'), Type.Literal('copy'), Type.Literal('twin')], {
      description: 'Where it is produced, where it is mirrored to, or in QA',
    }),
    spec: Topic,
  },
  'A topic that would be made',
);
export type ProposedTopic = Static<typeof ProposedTopic>;

export const Proposal = closed(
  {
    topics: Type.Array(ProposedTopic),
    changes: Type.Array(
      closed(
        {
          cluster: Type.String(),
          topic: Type.String(),
          partitions: Type.Optional(Type.Integer()),
          configs: Type.Optional(Type.Record(Type.String(), Setting)),
          expected: Type.Optional(ExpectedLoad),
        },
        'What would change of a topic',
      ),
    ),
    removals: Type.Array(closed({ cluster: Type.String(), topic: Type.String() }, 'A topic that would be deleted')),
    applications: Type.Array(
      closed(
        {
          name: Type.String(),
          team: Type.String(),
          isNew: Type.Boolean(),
          publicKey: Application.properties.publicKey,
          uses: Type.Array(TopicUse, { description: 'Those that it would get' }),
        },
        'An application that would be made, or get more to use',
      ),
    ),
    mirrors: Type.Array(closed({ source: Type.String(), target: Type.String(), topic: Type.String() }, 'A copy')),
    schemas: Type.Array(closed({ subject: Type.String(), type: SchemaType, schema: Type.String() }, 'A schema')),
    notes: Type.Array(Type.String(), { description: 'What people should know besides' }),
  },
  'What would be done',
);
export type Proposal = Static<typeof Proposal>;

export const RequestState = Type.Union(
  [
    Type.Literal('preview'),
    Type.Literal('refused'),
    Type.Literal('waiting'),
    Type.Literal('approved'),
    Type.Literal('provisioning'),
    Type.Literal('done'),
    Type.Literal('failed'),
    Type.Literal('withdrawn'),
  ],
  {
    description:
      'waiting: for a person; approved: about to be carried out; provisioning: being carried out; failed: that has ' +
      'stopped in the middle, and goes on when its operation is resumed; preview: not stored',
  },
);
export type RequestState = Static<typeof RequestState>;

export const RequestComment = Type.Object({
  at: Type.String({ format: 'date-time' }),
  by: Type.String({ description: 'user:ann' }),
  text: Type.String(),
});
export type RequestComment = Static<typeof RequestComment>;

export const RequestAction = Type.Union([
  Type.Literal('approve'),
  Type.Literal('refuse'),
  Type.Literal('withdraw'),
  Type.Literal('comment'),
  Type.Literal('collect'),
]);
export type RequestAction = Static<typeof RequestAction>;

const Summary = {
  id: Type.Optional(Type.String({ description: 'None of a preview' })),
  kind: RequestKind,
  state: RequestState,
  title: Type.String({ description: 'One line for people' }),
  topic: Type.String(),
  team: Type.String({ description: 'For which it is asked' }),
  owner: Type.Union([Type.String(), Type.Null()], {
    description: 'The team that owns the topic: its owners decide, or an admin; null: only an admin',
  }),
  requester: Type.String({ description: 'user:ann' }),
  requestedAt: Type.String({ format: 'date-time' }),
  why: Type.String({ description: 'In the words of the requester' }),
  decidedBy: Type.Optional(Type.String({ description: 'user:bob; policies, where no person did' })),
  decidedAt: Type.Optional(Type.String({ format: 'date-time' })),
  reason: Type.Optional(Type.String({ description: 'Of the decision' })),
  operation: Type.Optional(Type.String({ description: 'That carries it out' })),
};

export const RequestSummary = Type.Object(Summary);
export type RequestSummary = Static<typeof RequestSummary>;

export const RequestView = Type.Object({
  ...Summary,
  asked: AskedFor,
  verdict: PolicyVerdict,
  proposal: Proposal,
  capacity: Type.Array(ClusterFit, { description: 'Of each cluster that was considered, chosen ones first' }),
  cost: CostEstimate,
  comments: Type.Array(RequestComment),
  actions: Type.Array(RequestAction, { description: 'What the caller may do with it now' }),
  problem: Type.Optional(Type.String({ description: 'Why it stopped, of a failed one' })),
});
export type RequestView = Static<typeof RequestView>;

const id = Type.Object({ id: Type.String({ format: 'uuid' }) });
const Remark = Type.String({ minLength: 1, maxLength: 4_000 });

export const createRequestContract = defineContract({
  method: 'POST',
  path: '/api/v1/requests',
  summary: 'Ask for a topic, access to one, a change, a promotion or a retirement',
  description:
    'With preview=true the answer is the same, and nothing is stored: what policies say, which clusters have room, ' +
    'with the arithmetic, and what it costs. Honours Idempotency-Key.',
  permission: 'request',
  query: Type.Object({ preview: Type.Optional(Type.Boolean()) }),
  body: closed(
    { asked: AskedFor, why: Type.Optional(Type.String({ maxLength: 4_000, description: 'For whoever decides' })) },
    'A request',
  ),
  response: RequestView,
  problems: ['forbidden', 'conflict', 'not_found'],
});

export const listRequestsContract = defineContract({
  method: 'GET',
  path: '/api/v1/requests',
  summary: 'Onboarding requests, newest first',
  query: Type.Object({
    state: Type.Optional(RequestState),
    kind: Type.Optional(RequestKind),
    team: Type.Optional(Type.String({ description: 'For which it is asked, or whose topic it is' })),
    topic: Type.Optional(Type.String()),
    requester: Type.Optional(Type.String()),
    awaitsMe: Type.Optional(Type.Boolean({ description: 'Only those that the caller may decide' })),
    ...pageQuery,
  }),
  response: pageOf(RequestSummary),
});

export const showRequestContract = defineContract({
  method: 'GET',
  path: '/api/v1/requests/{id}',
  summary: 'One request with everything that led to its decision',
  params: id,
  response: RequestView,
  problems: ['not_found'],
});

export const approveRequestContract = defineContract({
  method: 'POST',
  path: '/api/v1/requests/{id}/approve',
  summary: 'Approve a request that waits; never by whoever made it',
  permission: 'request',
  params: id,
  body: closed({ reason: Type.Optional(Remark) }, 'Why'),
  response: RequestView,
  problems: ['forbidden', 'conflict', 'not_found'],
});

export const refuseRequestContract = defineContract({
  method: 'POST',
  path: '/api/v1/requests/{id}/refuse',
  summary: 'Refuse a request that waits',
  permission: 'request',
  params: id,
  body: closed({ reason: Remark }, 'Why'),
  response: RequestView,
  problems: ['forbidden', 'conflict', 'not_found'],
});

export const withdrawRequestContract = defineContract({
  method: 'POST',
  path: '/api/v1/requests/{id}/withdraw',
  summary: 'Take back a request that waits, by whoever made it',
  permission: 'request',
  params: id,
  body: closed({ reason: Type.Optional(Remark) }, 'Why'),
  response: RequestView,
  problems: ['forbidden', 'conflict', 'not_found'],
});

export const commentRequestContract = defineContract({
  method: 'POST',
  path: '/api/v1/requests/{id}/comments',
  summary: 'Say something about a request',
  permission: 'request',
  params: id,
  body: closed({ text: Remark }, 'A comment'),
  response: RequestView,
  problems: ['forbidden', 'not_found'],
});

export const collectCredentialsContract = defineContract({
  method: 'POST',
  path: '/api/v1/requests/{id}/credentials',
  summary: 'Issue the first passwords of the applications that a request has made, and show them, this once',
  description: 'For whoever made the request, when it is done. An application that has a password keeps it.',
  permission: 'request',
  params: id,
  body: closed({}, 'Nothing'),
  response: Type.Object({
    credentials: Type.Array(
      Type.Object({
        application: Type.String(),
        secret: Type.Optional(IssuedSecret),
        problem: Type.Optional(Type.String({ description: 'Why there is none' })),
      }),
    ),
  }),
  problems: ['forbidden', 'conflict', 'not_found', 'unavailable'],
});
