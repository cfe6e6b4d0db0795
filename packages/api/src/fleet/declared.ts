/** What is declared of the fleet, over HTTP: looked at, changed, checked, compared with what is there, exported. */
import { type Static, type TSchema, Type } from 'typebox';
import { defineContract } from '../contract.ts';
import { type KindName, kindNames, kinds } from '../declared/kinds.ts';
import { pageOf, pageQuery } from './page.ts';

/** Bound on a whole fleet as JSON: 20,000 topics come to 4 MB. */
export const fleetBytesMax = 64 * 2 ** 20;

const KindNameSchema = Type.Unsafe<KindName>({ type: 'string', enum: [...kindNames] });

const listNames = kindNames.map((kind) => kinds[kind].list);

/** Lists of things by the names that a fleet file has for them; kinds that it has none of are not spoken of. */
const FleetBody = Type.Unsafe<Readonly<Record<string, readonly unknown[]>>>(
  Type.Object(
    Object.fromEntries(
      kindNames.map((kind): [string, TSchema] => [kinds[kind].list, Type.Optional(Type.Array(kinds[kind].schema))]),
    ),
    { additionalProperties: false, description: 'What a fleet file holds' },
  ),
);

export const FleetRequest = Type.Object(
  {
    fleet: Type.Optional(FleetBody),
    delete: Type.Optional(
      Type.Array(Type.String(), { description: 'What is to be deleted, by name: topic/east/orders, acl/..., team/x' }),
    ),
    prune: Type.Optional(
      Type.Array(KindNameSchema, { description: 'Kinds of which all goes that the record has and `fleet` has not' }),
    ),
    kinds: Type.Optional(Type.Array(KindNameSchema, { description: 'What is looked at; default all' })),
    clusters: Type.Optional(Type.Array(Type.String(), { description: 'Likewise, of clusters' })),
  },
  { additionalProperties: false, description: 'What the fleet is to become; without `fleet`, what the record says' },
);
export type FleetRequest = Static<typeof FleetRequest>;

export const Refusal = Type.Object({
  subject: Type.String({ description: 'topic east/orders' }),
  message: Type.String({ description: 'To be read after it' }),
});
export type Refusal = Static<typeof Refusal>;

export const FleetDifferenceItem = Type.Object({
  cluster: Type.Optional(Type.String({ description: 'Where; absent for the record' })),
  kind: KindNameSchema,
  id: Type.String(),
  action: Type.Union([Type.Literal('create'), Type.Literal('change'), Type.Literal('delete')]),
  destructive: Type.Boolean({ description: 'Whether records, access or settings may be lost by it' }),
  before: Type.Optional(Type.Unknown()),
  to: Type.Optional(Type.Unknown()),
});
export type FleetDifferenceItem = Static<typeof FleetDifferenceItem>;

export const ToldItem = Type.Object({
  about: Type.Union(
    [
      Type.Literal('unmanaged'),
      Type.Literal('not_in_file'),
      Type.Literal('unreachable'),
      Type.Literal('unseen'),
      Type.Literal('unmet'),
    ],
    {
      description:
        'unmanaged: on a cluster and not declared; not_in_file: in the record and not in the file; ' +
        'unreachable: a cluster that did not answer; unseen: one that is declared only now; ' +
        'unmet: declared, and not to be had there',
    },
  ),
  cluster: Type.Optional(Type.String()),
  kind: Type.Optional(KindNameSchema),
  names: Type.Array(Type.String(), { description: 'As `delete` takes them' }),
  text: Type.String({ description: 'A sentence' }),
});
export type ToldItem = Static<typeof ToldItem>;

export const FleetDifferenceAnswer = Type.Object({
  revision: Type.Integer({ description: 'Of the record' }),
  differences: Type.Array(FleetDifferenceItem, { description: 'What an apply would change' }),
  refused: Type.Array(Refusal, { description: 'What stands in the way: while there is any, nothing is applied' }),
  told: Type.Array(ToldItem, { description: 'What no apply changes' }),
});
export type FleetDifferenceAnswer = Static<typeof FleetDifferenceAnswer>;

export const DeclaredThing = Type.Object({
  kind: KindNameSchema,
  id: Type.String(),
  spec: Type.Unknown({ description: 'As its kind has it' }),
  revision: Type.Integer({ description: 'Of the record, when it was last changed' }),
  changedAt: Type.String({ format: 'date-time' }),
});
export type DeclaredThing = Static<typeof DeclaredThing>;

const list = Type.Unsafe<string>({ type: 'string', enum: listNames, description: 'topics, applications and so on' });
const Why = Type.String({ minLength: 1, maxLength: 1000, description: 'For the audit log' });
const Expected = Type.Integer({ minimum: 0, description: 'The revision that it is to have; 0: it is to be new' });

export const listDeclaredContract = defineContract({
  method: 'GET',
  path: '/api/v1/declared/{list}',
  summary: 'What is declared of a kind',
  params: Type.Object({ list }),
  query: Type.Object({
    q: Type.Optional(Type.String({ maxLength: 200, description: 'A part of the id' })),
    cluster: Type.Optional(Type.String({ description: 'Only what is on this one' })),
    owner: Type.Optional(Type.String({ description: 'Only what this team owns' })),
    ...pageQuery,
  }),
  response: Type.Object({
    ...pageOf(DeclaredThing).properties,
    revision: Type.Integer({ description: 'Of the record' }),
    total: Type.Integer({ description: 'Of all pages' }),
  }),
});

export const getDeclaredContract = defineContract({
  method: 'GET',
  path: '/api/v1/declared/{list}/{id}',
  summary: 'One thing that is declared',
  params: Type.Object({ list, id: Type.String() }),
  response: DeclaredThing,
  problems: ['not_found'],
});

export const putDeclaredContract = defineContract({
  method: 'PUT',
  path: '/api/v1/declared/{list}/{id}',
  summary: 'Declares one thing anew',
  description: 'Changes the record alone: a plan of kind fleet_apply brings it onto the clusters.',
  params: Type.Object({ list, id: Type.String() }),
  body: Type.Object({ spec: Type.Unknown(), why: Why, expected: Type.Optional(Expected) }),
  response: Type.Object({ revision: Type.Integer() }),
});

export const putDeclaredListContract = defineContract({
  method: 'PUT',
  path: '/api/v1/declared/{list}',
  summary: 'Declares several things of a kind, all or none',
  description: 'What is not among them stays as it is declared.',
  params: Type.Object({ list }),
  body: Type.Object({ specs: Type.Array(Type.Unknown()), why: Why }),
  bodyBytesMax: fleetBytesMax,
  response: Type.Object({ revision: Type.Integer() }),
});

export const removeDeclaredContract = defineContract({
  method: 'DELETE',
  path: '/api/v1/declared/{list}/{id}',
  summary: 'Takes one thing out of the record',
  description: 'What is on a cluster stays there: a plan of kind fleet_apply that names it deletes it there as well.',
  params: Type.Object({ list, id: Type.String() }),
  query: Type.Object({ why: Why, expected: Type.Optional(Expected) }),
  response: Type.Object({ revision: Type.Integer() }),
  problems: ['not_found'],
});

export const checkDeclaredContract = defineContract({
  method: 'POST',
  path: '/api/v1/declared/check',
  summary: 'Whether the record would be sound with these things in it',
  body: FleetRequest,
  bodyBytesMax: fleetBytesMax,
  permission: 'view',
  response: Type.Object({ revision: Type.Integer(), problems: Type.Array(Refusal) }),
});

export const diffDeclaredContract = defineContract({
  method: 'POST',
  path: '/api/v1/declared/diff',
  summary: 'What a plan of kind fleet_apply would change, what stands in its way, and what nobody declared',
  body: FleetRequest,
  bodyBytesMax: fleetBytesMax,
  permission: 'view',
  response: FleetDifferenceAnswer,
});

export const exportDeclaredContract = defineContract({
  method: 'GET',
  path: '/api/v1/declared/export',
  summary: 'The fleet as a fleet file',
  query: Type.Object({
    of: Type.Optional(
      Type.Union([Type.Literal('fleet'), Type.Literal('record')], {
        description: 'The fleet as it runs, or as it is declared; default fleet',
      }),
    ),
    clusters: Type.Optional(Type.String({ description: 'Names with commas between; default all' })),
  }),
  response: Type.Object({
    revision: Type.Integer(),
    file: Type.String({ description: 'YAML' }),
    notes: Type.Array(Type.String(), { description: 'What could not be exported: sentences' }),
  }),
});
