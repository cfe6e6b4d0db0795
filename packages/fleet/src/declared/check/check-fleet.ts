/**
 * Whether a whole declared fleet is sound, beyond what the schemas of its kinds say: names and the rules that Kafka has
 * for them, references from one kind to another, ids that are there once, secrets that are references, settings that
 * exist. The fleet file's reader and the record both ask here.
 */
import { type KindName, kindNames, kinds, type Spec } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import { secretPlaces } from '../../audit/secret-places.ts';
import { byId, type FleetLists, idOf } from '../fleet-lists.ts';
import { checkAcl, checkQuota } from './check-access.ts';
import { checkApplication, checkPolicy, checkSeason } from './check-applications.ts';
import { checkClientSetting } from './check-client-settings.ts';
import { checkCluster, checkConnect } from './check-clusters.ts';
import { checkConnector, checkMirror } from './check-flows.ts';
import { checkTopic, collisionsOf } from './check-topics.ts';
import { type Complain, type Finding, pointerOf, stepsOfPointer } from './finding.ts';
import { type Reference, referencesOf } from './references.ts';

export interface CheckOptions {
  /** Kinds that are declared elsewhere as well: what refers to them is not judged here. */
  readonly elsewhere?: ReadonlySet<KindName> | undefined;
}

/** All that is wrong, in the order of the lists; each thing already fits its kind's schema. */
export function checkFleet(fleet: FleetLists, options: CheckOptions = {}): Finding[] {
  const findings: Finding[] = [];
  const resolve = resolver(fleet, options.elsewhere ?? new Set());
  for (const kind of kindNames) {
    checkIds(kind, fleet, findings);
    for (const [index, spec] of (fleet[kind] as readonly Spec<KindName>[]).entries()) {
      const at = (steps: Finding['steps']) => [kinds[kind].list, index, ...steps];
      const complain: Complain = (steps, message) => findings.push({ steps: at(steps), message });
      for (const { steps, message } of checkThing(kind, spec)) complain(steps, message);
      for (const reference of referencesOf(kind, spec)) {
        const message = resolve(reference);
        if (message !== undefined) complain(reference.steps, message);
      }
    }
  }
  findings.push(...collisionsOf(fleet.topic));
  return findings;
}

const secretMessage = 'is a secret: give env:NAME or file:PATH, which name where it is';

/** What is wrong with one thing by itself; the steps are those below it. */
export function checkThing<K extends KindName>(kind: K, spec: Spec<K>): Finding[] {
  const findings: Finding[] = [];
  const check = checks[kind] as ((spec: Spec<K>, complain: Complain) => void) | undefined;
  check?.(spec, (steps, message) => findings.push({ steps, message }));
  const told = new Set(findings.map(({ steps }) => pointerOf(steps)));
  for (const pointer of secretPlaces(spec)) {
    if (!told.has(pointer)) findings.push({ steps: stepsOfPointer(pointer), message: secretMessage });
  }
  return findings;
}

const checks: { readonly [K in KindName]?: (spec: Spec<K>, complain: Complain) => void } = {
  season: checkSeason,
  cluster: checkCluster,
  connect: checkConnect,
  topic: checkTopic,
  application: checkApplication,
  acl: checkAcl,
  quota: checkQuota,
  mirror: checkMirror,
  connector: checkConnector,
  policy: checkPolicy,
  client_setting: checkClientSetting,
};

/** Kinds whose things have a name of ours; those of the others are Kafka's and Connect's to judge. */
const namedKinds: ReadonlySet<KindName> = new Set(
  kindNames.filter((kind) => !['topic', 'acl', 'quota', 'connector'].includes(kind)),
);

function checkIds<K extends KindName>(kind: K, fleet: FleetLists, findings: Finding[]): void {
  const { list } = kinds[kind];
  const seen = new Set<string>();
  for (const [index, spec] of fleet[kind].entries()) {
    const named = 'name' in spec;
    const steps = named ? [list, index, 'name'] : [list, index];
    if (namedKinds.has(kind) && named && !/^[A-Za-z0-9][\w.-]*$/.test(spec.name)) {
      findings.push({ steps, message: `${JSON.stringify(spec.name)} is not made of letters, digits, ., - and _` });
    }
    const id = idOf(kind, spec);
    if (seen.has(id)) findings.push({ steps, message: sameAsAbove(kind, spec) });
    seen.add(id);
  }
}

function sameAsAbove(kind: KindName, spec: Spec<KindName>): string {
  if (kind === 'acl') return 'is the same rule as one above';
  if (kind === 'quota') return 'is for the same as one above';
  const { name } = spec as { readonly name: string };
  if ('cluster' in spec && kind === 'topic') return `${name} is the name of another one of ${spec.cluster} above`;
  return `${name} is the name of another one above`;
}

/** What is wrong with a reference; undefined when it leads somewhere. */
function resolver(fleet: FleetLists, elsewhere: ReadonlySet<KindName>): (reference: Reference) => string | undefined {
  const names = new Map<KindName, ReadonlyMap<string, unknown>>();
  return ({ to, name }) => {
    if (elsewhere.has(to)) return undefined;
    let known = names.get(to);
    if (known === undefined) {
      known = byId(to, fleet[to]);
      names.set(to, known);
    }
    if (known.has(name)) return undefined;
    const meant = nearest(name, [...known.keys()]);
    const advice = meant === undefined ? 'add it there' : `did you mean ${meant}?`;
    return `${JSON.stringify(name)} is not among the ${kinds[to].list}; ${advice}`;
  };
}
