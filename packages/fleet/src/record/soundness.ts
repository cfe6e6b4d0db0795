/**
 * What must hold of everything that is declared: each thing fits the schema of its kind and has the id that follows
 * from it, keeps the rules of its kind, names what is declared, and holds no secrets.
 */
import { type Checker, compileChecker, type ProblemIssue } from '@millrace/api';
import { type KindName, kindNames, kinds, type Spec } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import type { TObject } from 'typebox';
import { isStorable } from '../database/json.ts';
import { checkThing } from '../declared/check/check-fleet.ts';
import { pointerOf } from '../declared/check/finding.ts';
import { referencesOf } from '../declared/check/references.ts';
import type { DeclaredChange, DeclaredFleet } from './record.ts';

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
  return checkThing(kind, spec as Spec<KindName>).map(({ steps, message }) => ({ field: pointerOf(steps), message }));
}

function missing(fleet: DeclaredFleet, kind: KindName, id: string, spec: Spec<KindName>): ProblemIssue[] {
  return referencesOf(kind, spec).flatMap(({ steps, to, name }): ProblemIssue[] => {
    if (fleet.get(to, name) !== undefined) return [];
    const meant = nearest(
      name,
      fleet.list(to).map((each) => each.id),
    );
    const advice = meant === undefined ? 'declare it first, or take this out with it' : `did you mean ${meant}?`;
    const message = `names ${JSON.stringify(name)}, which is not among the ${kinds[to].list}; ${advice}`;
    return [{ field: `${kind}/${id}${pointerOf(steps)}`, message }];
  });
}
