/** The map of the fleet, and a search over everything in it. */
import { type Static, Type } from 'typebox';
import { defineContract } from '../../contract.ts';
import { MirrorState } from '../mirror-state.ts';
import { ClusterView } from './clusters.ts';
import { TextOrNull } from './observed.ts';

const Place = Type.Object({
  name: Type.String(),
  description: Type.Optional(Type.String()),
  clusters: Type.Array(Type.String()),
});

export const MirrorRoute = Type.Object(
  {
    name: Type.String(),
    source: Type.Union([Type.String(), Type.Null()], { description: 'Cluster; null: not declared' }),
    target: Type.String({ description: 'Cluster' }),
    declared: Type.Boolean(),
    observed: Type.Boolean({ description: 'Its target has the topic in which it keeps its place' }),
    topics: Type.Array(Type.String(), { description: 'Names or patterns, as declared' }),
    state: Type.Union([MirrorState, Type.Null()], { description: 'How it runs; null: not known, or not declared' }),
    problem: TextOrNull,
  },
  { description: 'A standing copy from one cluster to another' },
);
export type MirrorRoute = Static<typeof MirrorRoute>;

export const Topology = Type.Object({
  environments: Type.Array(Place),
  sites: Type.Array(Place),
  zones: Type.Array(Place),
  clusters: Type.Array(ClusterView),
  mirrors: Type.Array(MirrorRoute),
});
export type Topology = Static<typeof Topology>;

export const topologyContract = defineContract({
  method: 'GET',
  path: '/api/v1/topology',
  summary: 'The map of the fleet: sites, zones, clusters and the mirrors between them',
  response: Topology,
  etag: true,
});

export const SearchHit = Type.Object({
  kind: Type.String({ description: 'cluster, broker, topic, group, application, team, mirror, and so on' }),
  id: Type.String({ description: 'Unique among its kind' }),
  name: Type.String(),
  cluster: TextOrNull,
  declared: Type.Boolean(),
  observed: Type.Boolean(),
  owner: TextOrNull,
});
export type SearchHit = Static<typeof SearchHit>;

export const searchContract = defineContract({
  method: 'GET',
  path: '/api/v1/search',
  summary: 'Whatever has a text in its name: declared and observed, of all kinds',
  description: 'Best first: the name itself, then names that begin with it, have a part that does, or have it in them.',
  query: Type.Object({
    q: Type.String({ minLength: 1, maxLength: 249 }),
    kinds: Type.Optional(Type.String({ pattern: '^[a-z]+(,[a-z]+)*$', description: 'Only these' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Default 50' })),
  }),
  response: Type.Object({
    items: Type.Array(SearchHit),
    total: Type.Integer({ minimum: 0, description: 'All that fit' }),
  }),
});
