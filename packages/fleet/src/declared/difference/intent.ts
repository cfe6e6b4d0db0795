/**
 * What is wanted, worked out of the record, what a file says, and what was named to be deleted. Pure.
 *
 * A thing that the file leaves out stays as it is in the record: it is told, and deleted only when it is named, or when
 * its kind is to be pruned.
 */
import { type KindName, kindNames, type Spec } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import type { DeclaredFleet } from '../../record/record.ts';
import { checkFleet } from '../check/check-fleet.ts';
import type { Finding } from '../check/finding.ts';
import { byId, canonical, type FleetLists, idOf, kindOfList, type SomeLists, sameSpec } from '../fleet-lists.ts';
import type { Refusal } from './compare-cluster.ts';
import { type NamedThing, nameOf, parseNamedThing } from './named-things.ts';

export interface Request {
  /** What a file holds; undefined when there is none, and clusters are to be as the record says. */
  readonly file?: SomeLists | undefined;
  /** `topic/east/orders`. */
  readonly delete?: readonly string[] | undefined;
  /** Kinds of which everything goes that is in the record and not in the file. */
  readonly prune?: readonly KindName[] | undefined;
  /** Kinds that are looked at; default all. */
  readonly kinds?: readonly KindName[] | undefined;
  /** Clusters that are looked at, and whose topics, ACLs and quotas are; default all. */
  readonly clusters?: readonly string[] | undefined;
}

export interface RecordChange<K extends KindName = KindName> {
  readonly kind: K;
  readonly id: string;
  readonly before: Spec<K> | null;
  readonly to: Spec<K> | null;
}

export interface Intent {
  /** The record as it is to be. */
  readonly wanted: FleetLists;
  /** What is new or different in the record; by kinds, those that others refer to first. */
  readonly toDeclare: readonly RecordChange[];
  /** What goes out of it, those that refer to others first. */
  readonly toRemove: readonly RecordChange[];
  /** What was named to be deleted, in the record or not. */
  readonly named: readonly NamedThing[];
  /** In the record, and not in the file. */
  readonly missing: readonly NamedThing[];
  readonly refused: readonly Refusal[];
}

const clusterKinds: ReadonlySet<KindName> = new Set(['topic', 'acl', 'quota']);

export function intentOf(record: DeclaredFleet, request: Request): Intent {
  const refused: Refusal[] = [];
  const inScope = scopeOf(request);
  const named = namedThings(record, request, inScope, refused);
  const doomed = new Set(named.map(({ kind, id }) => nameOf(kind, id)));
  const wanted: Partial<Record<KindName, readonly Spec<KindName>[]>> = {};
  const toDeclare: RecordChange[] = [];
  const missing: NamedThing[] = [];
  for (const kind of kindNames) {
    const written = (request.file?.[kind] as readonly Spec<KindName>[] | undefined)?.filter((spec) =>
      inScope(kind, spec),
    );
    const given = byId(
      kind,
      (written ?? []).map((spec) => canonical(kind, spec)),
    );
    const kept = record.list(kind).filter(({ id }) => !doomed.has(nameOf(kind, id)));
    const known = new Map(kept.map(({ id, spec }) => [id, spec as Spec<KindName>]));
    for (const [id, to] of given) {
      if (doomed.has(nameOf(kind, id))) {
        refused.push({ subject: nameOf(kind, id), message: 'is to be deleted and is in the file; take it out there' });
        continue;
      }
      const before = known.get(id) ?? null;
      if (before === null || !sameSpec(kind, before, to)) toDeclare.push({ kind, id, before, to });
      known.set(id, to);
    }
    if (written !== undefined) {
      const left = kept.filter(({ id, spec }) => !given.has(id) && inScope(kind, spec));
      missing.push(...left.map(({ id }) => ({ kind, id })));
    }
    wanted[kind] = [...known.values()];
  }
  const lists = wanted as FleetLists;
  refused.push(...checkFleet(lists).map((finding) => refusalOf(lists, finding)));
  return { wanted: lists, toDeclare, toRemove: removals(record, named), named, missing, refused };
}

function scopeOf({ kinds, clusters }: Request): (kind: KindName, spec: Spec<KindName>) => boolean {
  return (kind, spec) => {
    if (kinds !== undefined && !kinds.includes(kind)) return false;
    if (clusters === undefined || !clusterKinds.has(kind)) return true;
    return clusters.includes((spec as Spec<'topic'>).cluster);
  };
}

function namedThings(
  record: DeclaredFleet,
  request: Request,
  inScope: (kind: KindName, spec: Spec<KindName>) => boolean,
  refused: Refusal[],
): NamedThing[] {
  const named = new Map<string, NamedThing>();
  for (const text of request.delete ?? []) {
    const thing = parseNamedThing(text);
    if ('problem' in thing) refused.push({ subject: '--delete', message: thing.problem });
    else named.set(nameOf(thing.kind, thing.id), thing);
  }
  for (const kind of request.prune ?? []) {
    const written = request.file?.[kind] as readonly Spec<KindName>[] | undefined;
    if (written === undefined) {
      refused.push({ subject: `--prune ${kind}`, message: 'would delete them all: the file has no list of them' });
      continue;
    }
    const given = byId(kind, written);
    for (const { id, spec } of record.list(kind)) {
      if (!given.has(id) && inScope(kind, spec)) named.set(nameOf(kind, id), { kind, id });
    }
  }
  // Who no longer declares a cluster declares nothing on it either; what is there stays.
  for (const { id: cluster } of [...named.values()].filter(({ kind }) => kind === 'cluster')) {
    for (const kind of clusterKinds) {
      for (const { id, spec } of record.list(kind)) {
        if ((spec as Spec<'topic'>).cluster === cluster) named.set(nameOf(kind, id), { kind, id });
      }
    }
  }
  return [...named.values()];
}

function removals(record: DeclaredFleet, named: readonly NamedThing[]): RecordChange[] {
  const order = [...kindNames].reverse();
  return named
    .flatMap(({ kind, id }): RecordChange[] => {
      const declared = record.get(kind, id);
      return declared === undefined ? [] : [{ kind, id, before: declared.spec as Spec<KindName>, to: null }];
    })
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** What was named, and is nowhere: neither in the record nor, of what lies on clusters, there. */
export function unknownNames(
  record: DeclaredFleet,
  intent: Intent,
  isThere: (thing: NamedThing) => boolean,
): Refusal[] {
  return intent.named.flatMap((thing): Refusal[] => {
    const { kind, id } = thing;
    if (record.get(kind, id) !== undefined || isThere(thing)) return [];
    const meant = nearest(
      id,
      record.list(kind).map((each) => each.id),
    );
    const advice = meant === undefined ? 'there is nothing to delete' : `did you mean ${kind}/${meant}?`;
    return [{ subject: nameOf(kind, id), message: `is neither declared nor on a cluster; ${advice}` }];
  });
}

function refusalOf(lists: FleetLists, { steps, message }: Finding): Refusal {
  const [list, index, ...field] = steps;
  const kind = kindOfList(String(list));
  const spec = kind === undefined ? undefined : (lists[kind] as readonly Spec<KindName>[])[Number(index)];
  const subject = kind === undefined || spec === undefined ? String(list) : nameOf(kind, idOf(kind, spec));
  return { subject, message: field.length === 0 ? message : `${field.join('.')} ${message}` };
}
