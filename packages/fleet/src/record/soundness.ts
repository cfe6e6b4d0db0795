/**
 * What must hold of everything that is declared: each thing fits the schema of its kind and has the id that follows
 * from it, names what is declared, and holds no secrets.
 */
import { type Checker, compileChecker, type ProblemIssue } from '@millrace/api';
import { type KindName, kindNames, kinds, type Spec } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import type { TObject } from 'typebox';
import { secretPlaces } from '../audit/secret-places.ts';
import { isStorable } from '../database/json.ts';
import type { DeclaredChange, DeclaredFleet } from './record.ts';

/** Something that a declaration names, and that must be declared. */
interface Reference {
  readonly field: string;
  readonly kind: KindName;
  readonly id: string | undefined;
}

type ReferencesOf = { readonly [K in KindName]?: (spec: Spec<K>) => readonly Reference[] };

const referencesOf: ReferencesOf = {
  cluster: ({ site, zone, environment, twinOf }) => [
    { field: 'site', kind: 'site', id: site },
    { field: 'zone', kind: 'zone', id: zone },
    { field: 'environment', kind: 'environment', id: environment },
    { field: 'twinOf', kind: 'cluster', id: twinOf },
  ],
  connect: ({ cluster }) => [{ field: 'cluster', kind: 'cluster', id: cluster }],
  topic: ({ cluster, owner }) => [
    { field: 'cluster', kind: 'cluster', id: cluster },
    { field: 'owner', kind: 'team', id: owner },
  ],
  application: ({ team, uses = [] }) => [
    { field: 'team', kind: 'team', id: team },
    ...uses.map(({ cluster }, index): Reference => ({ field: `uses/${index}/cluster`, kind: 'cluster', id: cluster })),
  ],
  acl: ({ cluster }) => [{ field: 'cluster', kind: 'cluster', id: cluster }],
  quota: ({ cluster }) => [{ field: 'cluster', kind: 'cluster', id: cluster }],
  mirror: ({ source, target }) => [
    { field: 'source', kind: 'cluster', id: source },
    { field: 'target', kind: 'cluster', id: target },
  ],
  connector: ({ connect, owner }) => [
    { field: 'connect', kind: 'connect', id: connect },
    { field: 'owner', kind: 'team', id: owner },
  ],
};

const checkers = new Map<KindName, Checker<TObject>>();

/** All that is wrong with the fleet, which has the changes already; fields of issues begin with KIND/ID. */
export function unsoundness(fleet: DeclaredFleet, changes: readonly DeclaredChange[]): ProblemIssue[] {
  const issues: ProblemIssue[] = [];
  for (const { kind, id, spec } of changes) {
    if (spec === null) continue;
    for (const { field, message } of issuesOf(kind, id, spec)) issues.push({ field: `${kind}/${id}${field}`, message });
  }
  if (issues.length > 0) return issues;
  for (const { kind, id, spec } of changes) if (spec !== null) issues.push(...missing(fleet, kind, id, spec));
  if (changes.some(({ spec }) => spec === null)) {
    const changed = new Set(changes.map(({ kind, id }) => `${kind} ${id}`));
    for (const kind of kindNames) {
      for (const { id, spec } of fleet.list(kind)) {
        if (!changed.has(`${kind} ${id}`)) issues.push(...missing(fleet, kind, id, spec));
      }
    }
  }
  return issues;
}

function issuesOf(kind: KindName, id: string, spec: unknown): ProblemIssue[] {
  let checker = checkers.get(kind);
  if (checker === undefined) {
    checker = compileChecker<TObject>(kinds[kind].schema);
    checkers.set(kind, checker);
  }
  if (!checker.check(spec)) return checker.issues(spec);
  const own = (kinds[kind].idOf as (spec: unknown) => string)(spec);
  if (own !== id) return [{ field: '', message: `has the id ${JSON.stringify(own)}, not ${JSON.stringify(id)}` }];
  if (!isStorable(spec)) {
    return [{ field: '', message: 'has the character NUL or half of one in a text; PostgreSQL stores neither' }];
  }
  const secret = 'is a secret: give env:NAME or file:PATH, which name where it is';
  return secretPlaces(spec).map((field) => ({ field, message: secret }));
}

function missing(fleet: DeclaredFleet, kind: KindName, id: string, spec: Spec<KindName>): ProblemIssue[] {
  const references = (referencesOf[kind] as ((spec: unknown) => readonly Reference[]) | undefined)?.(spec) ?? [];
  return references.flatMap((reference): ProblemIssue[] => {
    if (reference.id === undefined || fleet.get(reference.kind, reference.id) !== undefined) return [];
    const { list } = kinds[reference.kind];
    const names = fleet.list(reference.kind).map((each) => each.id);
    const meant = nearest(reference.id, names);
    const advice = meant === undefined ? 'declare it first, or take this out with it' : `did you mean ${meant}?`;
    const message = `names ${JSON.stringify(reference.id)}, which is not among the ${list}; ${advice}`;
    return [{ field: `${kind}/${id}/${reference.field}`, message }];
  });
}
