/** The declared fleet over HTTP. Changes here are of the record alone; clusters are changed by operations. */
import { type Checker, compileChecker, implement, ProblemError, type ProblemIssue, type Route } from '@millrace/api';
import { type KindName, kindNames, kinds, type Spec } from '@millrace/api/declared';
import {
  checkDeclaredContract,
  type DeclaredThing,
  diffDeclaredContract,
  exportDeclaredContract,
  getDeclaredContract,
  listDeclaredContract,
  putDeclaredContract,
  putDeclaredListContract,
  removeDeclaredContract,
} from '@millrace/api/fleet';
import type { TObject } from 'typebox';
import type { Declared, DeclaredChange, FleetRecord } from '../record/record.ts';
import { type FleetApplyParts, observeDifference } from './apply/fleet-apply.ts';
import { intentOf } from './difference/intent.ts';
import { lookAtClusters } from './difference/look-at-clusters.ts';
import { differencesOf, toldOf } from './difference/told.ts';
import { exportFleet } from './exported/export-fleet.ts';
import { writeFleetFile } from './exported/write-fleet-file.ts';
import { canonical, idOf, kindOfList } from './fleet-lists.ts';
import { requestOf } from './request-of.ts';

const limitDefault = 100;

export function declaredRoutes(parts: FleetApplyParts & { readonly record: FleetRecord }): Route[] {
  return [...lookingRoutes(parts), ...changingRoutes(parts)];
}

function lookingRoutes(parts: FleetApplyParts & { readonly record: FleetRecord }): Route[] {
  const { record, clusters, access, answerMs } = parts;
  return [
    implement(exportDeclaredContract, async ({ query, signal }) => {
      const fleet = await record.read();
      const only = query.clusters?.split(',');
      const names = query.of === 'record' ? [] : fleet.list('cluster').map(({ id }) => id);
      const looked = names.filter((name) => only === undefined || only.includes(name));
      const exported = exportFleet(fleet, await lookAtClusters(clusters, looked, signal, answerMs), await access());
      return { revision: fleet.revision, file: writeFleetFile(exported), notes: [...exported.notes] };
    }),
    implement(checkDeclaredContract, async ({ body }) => {
      const fleet = await record.read();
      return { revision: fleet.revision, problems: [...intentOf(fleet, requestOf(body)).refused] };
    }),
    implement(diffDeclaredContract, async ({ body, signal }) => {
      const difference = await observeDifference(parts, requestOf(body), signal);
      return {
        revision: record.current().revision,
        differences: differencesOf(difference),
        refused: [...difference.refused],
        told: toldOf(difference),
      };
    }),
    implement(listDeclaredContract, ({ params, query }) => {
      const kind = kindNamed(params.list);
      const fleet = record.current();
      const matching = fleet
        .list(kind)
        .filter((thing) => matches(thing, query))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const { cursor, limit = limitDefault } = query;
      const left = cursor === undefined ? matching : matching.filter(({ id }) => id > cursor);
      const page = left.slice(0, limit);
      const next = left.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { items: page.map(thingOf), next, revision: fleet.revision, total: matching.length };
    }),
    implement(getDeclaredContract, ({ params }) => {
      const declared = record.current().get(kindNamed(params.list), params.id);
      if (declared === undefined) throw notDeclared(params);
      return thingOf(declared);
    }),
  ];
}

function changingRoutes({ record }: { readonly record: FleetRecord }): Route[] {
  return [
    implement(putDeclaredListContract, async ({ params, body, principal }) => {
      const kind = kindNamed(params.list);
      const changes = body.specs.map((value, index) => {
        const spec = specOf(kind, value, `/specs/${index}`);
        return { kind, id: idOf(kind, spec), spec } as DeclaredChange;
      });
      const ids = new Set(changes.map(({ id }) => id));
      if (ids.size < changes.length)
        throw new ProblemError('invalid_request', `one of the ${params.list} is there twice`);
      return await record.change(changes, { principal, why: body.why });
    }),
    implement(putDeclaredContract, async ({ params, body, principal }) => {
      const kind = kindNamed(params.list);
      const spec = specOf(kind, body.spec, '/spec');
      const id = idOf(kind, spec);
      if (id !== params.id) {
        throw new ProblemError('invalid_request', `this has the id ${id}, and the address says ${params.id}`);
      }
      const change = { kind, id, spec, expected: body.expected } as DeclaredChange;
      return await record.change([change], { principal, why: body.why });
    }),
    implement(removeDeclaredContract, async ({ params, query, principal }) => {
      const kind = kindNamed(params.list);
      if (record.current().get(kind, params.id) === undefined) throw notDeclared(params);
      const change = { kind, id: params.id, spec: null, expected: query.expected } as DeclaredChange;
      return await record.change([change], { principal, why: query.why });
    }),
  ];
}

function kindNamed(list: string): KindName {
  const kind = kindOfList(list);
  if (kind !== undefined) return kind;
  const lists = kindNames.map((name) => kinds[name].list).join(', ');
  throw new ProblemError('not_found', `nothing that is declared is in a list ${list}; there are ${lists}`);
}

function notDeclared({ list, id }: { readonly list: string; readonly id: string }): ProblemError {
  return new ProblemError('not_found', `${JSON.stringify(id)} is not among the ${list} that are declared`);
}

function matches({ id, spec }: Declared, query: { q?: string; cluster?: string; owner?: string }): boolean {
  const { cluster, owner, team } = spec as { cluster?: string; owner?: string; team?: string };
  if (query.q !== undefined && !id.toLowerCase().includes(query.q.toLowerCase())) return false;
  if (query.cluster !== undefined && cluster !== query.cluster) return false;
  return query.owner === undefined || (owner ?? team) === query.owner;
}

function thingOf({ kind, id, spec, revision, changedAt }: Declared): DeclaredThing {
  return { kind, id, spec, revision, changedAt: changedAt.toISOString() };
}

const checkers = new Map<KindName, Checker<TObject>>();

function specOf<K extends KindName>(kind: K, value: unknown, place: string): Spec<K> {
  let checker = checkers.get(kind);
  if (checker === undefined) {
    checker = compileChecker<TObject>(kinds[kind].schema);
    checkers.set(kind, checker);
  }
  const issues = checker
    .issues(value)
    .map(({ field, message }): ProblemIssue => ({ field: `${place}${field}`, message }));
  const [first] = issues;
  if (first === undefined) return canonical(kind, value as Spec<K>);
  const more = issues.length > 1 ? `, and ${issues.length - 1} more: see issues` : '';
  throw new ProblemError('invalid_request', `this is no ${kind}: ${first.field} ${first.message}${more}`, { issues });
}
