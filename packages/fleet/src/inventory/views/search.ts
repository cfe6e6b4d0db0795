/** A search over the names of everything that is declared or was seen. Pure. */
import { ProblemError } from '@millrace/api';
import { type KindName, kindNames } from '@millrace/api/declared';
import type { SearchHit } from '@millrace/api/fleet';
import type { DeclaredFleet } from '../../record/record.ts';
import type { ClusterRows } from './fleet-rows.ts';

/** How well a name fits; less is better. */
const ranks = { same: 0, beginning: 1, part: 2, inside: 3 } as const;

interface Ranked {
  readonly rank: number;
  readonly hit: SearchHit;
}

const searchedKinds: readonly string[] = [...kindNames, 'group', 'broker'];

/** Kinds that rows tell of, with what is declared of them. */
const rowKinds: ReadonlySet<KindName> = new Set(['cluster', 'topic']);

/** @throws ProblemError `invalid_request` for a kind that there is not */
export function searchFleet(
  fleet: DeclaredFleet,
  clusters: readonly ClusterRows[],
  query: { readonly q: string; readonly kinds?: string | undefined; readonly limit: number },
): { readonly items: SearchHit[]; readonly total: number } {
  const needle = query.q.toLowerCase();
  const kinds = query.kinds === undefined ? undefined : new Set(query.kinds.split(','));
  for (const kind of kinds ?? []) {
    if (searchedKinds.includes(kind)) continue;
    const told = `nothing is of the kind ${JSON.stringify(kind)}; there are ${searchedKinds.join(', ')}`;
    throw new ProblemError('invalid_request', told);
  }
  const isWanted = (kind: string): boolean => kinds === undefined || kinds.has(kind);
  const found: Ranked[] = [];
  const note = (lowerName: string, hit: () => SearchHit): void => {
    const rank = rankOf(lowerName, needle);
    if (rank !== undefined) found.push({ rank, hit: hit() });
  };
  for (const rows of clusters) noteRows(rows, isWanted, note);
  for (const kind of kindNames) {
    if (rowKinds.has(kind) || !isWanted(kind)) continue;
    for (const { id, spec } of fleet.list(kind)) {
      const name = 'name' in spec ? spec.name : id;
      const owner = ('team' in spec ? spec.team : 'owner' in spec ? spec.owner : undefined) ?? null;
      const cluster = 'cluster' in spec ? spec.cluster : null;
      note(name.toLowerCase(), () => ({ kind, id, name, cluster, declared: true, observed: false, owner }));
    }
  }
  found.sort((left, right) => left.rank - right.rank || compareHits(left.hit, right.hit));
  return { items: found.slice(0, query.limit).map(({ hit }) => hit), total: found.length };
}

function noteRows(
  { spec, view, observed, topics, groups, brokers }: ClusterRows,
  isWanted: (kind: string) => boolean,
  note: (lowerName: string, hit: () => SearchHit) => void,
): void {
  const { name: cluster } = spec;
  if (isWanted('cluster')) {
    const isSeen = observed.observedAt !== null;
    const hit = { kind: 'cluster', id: cluster, name: view.name, cluster: null, declared: true, observed: isSeen };
    note(cluster.toLowerCase(), () => ({ ...hit, owner: null }));
  }
  if (isWanted('topic')) {
    for (const { lowerName, id, name, declared, topic, owner } of topics) {
      note(lowerName, () => {
        const isThere = { declared: declared !== undefined, observed: topic !== undefined };
        return { kind: 'topic', id, name, cluster, ...isThere, owner };
      });
    }
  }
  if (isWanted('group')) {
    for (const { lowerName, view: group } of groups) {
      const { id, name } = group;
      note(lowerName, () => ({ kind: 'group', id, name, cluster, declared: false, observed: true, owner: null }));
    }
  }
  if (!isWanted('broker')) return;
  for (const { id, host, port } of brokers) {
    const name = `${host}:${port}`;
    note(name.toLowerCase(), () => {
      return { kind: 'broker', id, name, cluster, declared: false, observed: true, owner: null };
    });
  }
}

function rankOf(name: string, needle: string): number | undefined {
  const at = name.indexOf(needle);
  if (at < 0) return undefined;
  if (name.length === needle.length) return ranks.same;
  if (at === 0) return ranks.beginning;
  return /[^a-z0-9]/.test(name[at - 1] ?? '') ? ranks.part : ranks.inside;
}

function compareHits(left: SearchHit, right: SearchHit): number {
  if (left.name.length !== right.name.length) return left.name.length - right.name.length;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : left.id < right.id ? -1 : 1;
}
