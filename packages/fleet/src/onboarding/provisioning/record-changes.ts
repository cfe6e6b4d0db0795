/**
 * What carrying out a proposal changes in the record. Made of the record as it is, so that what others declared since
 * stays; made again of one that has it all, it changes nothing.
 */
import { ProblemError } from '@millrace/api';
import { type Application, kinds, type Mirror, type TopicUse, usualGroups } from '@millrace/api/declared';
import type { Proposal } from '@millrace/api/fleet';
import { mirrorTakes } from '../../capacity/fleet-topics.ts';
import type { DeclaredChange, DeclaredFleet } from '../../record/record.ts';
import { changed } from '../proposal/propose-change.ts';

/** Throws `ProblemError` `conflict` when something of a proposal's has been declared otherwise meanwhile. */
export function recordChanges(proposal: Proposal, fleet: DeclaredFleet): DeclaredChange[] {
  return [
    ...topicChanges(proposal, fleet),
    ...applicationChanges(proposal, fleet),
    ...mirrorChanges(proposal, fleet),
  ].filter((each) => each !== undefined);
}

function topicChanges({ topics, changes, removals }: Proposal, fleet: DeclaredFleet): DeclaredChange[] {
  const made = topics.flatMap(({ spec }): DeclaredChange[] => {
    const id = kinds.topic.idOf(spec);
    const there = fleet.get('topic', id);
    if (there === undefined) return [{ kind: 'topic', id, spec, expected: 0 }];
    if (there.spec.owner === spec.owner) return [];
    throw new ProblemError('conflict', `the topic ${id} has been declared meanwhile; withdraw the request`);
  });
  const altered = changes.map((change): DeclaredChange => {
    const id = kinds.topic.idOf({ cluster: change.cluster, name: change.topic, partitions: 1 });
    const there = fleet.get('topic', id);
    if (there === undefined) throw new ProblemError('conflict', `the topic ${id} is no longer declared`);
    return { kind: 'topic', id, spec: changed(there.spec, change), expected: there.revision };
  });
  const removed = removals.flatMap(({ cluster, topic }): DeclaredChange[] => {
    const id = kinds.topic.idOf({ cluster, name: topic, partitions: 1 });
    return fleet.get('topic', id) === undefined ? [] : [{ kind: 'topic', id, spec: null }];
  });
  return [...made, ...altered, ...removed];
}

function applicationChanges({ applications, removals }: Proposal, fleet: DeclaredFleet): DeclaredChange[] {
  const granted = applications.map(({ name, team, publicKey, uses }): DeclaredChange => {
    const there = fleet.get('application', name);
    const before: Application = there?.spec ?? { name, team, ...(publicKey !== undefined && { publicKey }) };
    const spec = { ...before, uses: merged(name, before.uses ?? [], uses) };
    return { kind: 'application', id: name, spec, expected: there?.revision ?? 0 };
  });
  const isGone = (use: TopicUse): boolean =>
    removals.some(({ cluster, topic }) => cluster === use.cluster && topic === use.topic);
  const less = fleet.list('application').flatMap(({ id, spec, revision }): DeclaredChange[] => {
    if (!(spec.uses ?? []).some(isGone)) return [];
    const uses = (spec.uses ?? []).filter((use) => !isGone(use));
    return [{ kind: 'application', id, spec: { ...spec, uses }, expected: revision }];
  });
  return [...granted, ...less];
}

/** A use of the same topic in the same role gets the groups and ids of both. */
function merged(application: string, uses: readonly TopicUse[], more: readonly TopicUse[]): TopicUse[] {
  const all = [...uses];
  for (const use of more) {
    const at = all.findIndex(
      (each) => each.cluster === use.cluster && each.topic === use.topic && each.role === use.role,
    );
    const there = all[at];
    if (there === undefined) {
      all.push(use);
      continue;
    }
    const usual = usualGroups(application);
    const groups = union(there.groups, use.groups, usual);
    const transactionalIds = union(there.transactionalIds, use.transactionalIds, []);
    all[at] = { ...there, ...(groups && { groups }), ...(transactionalIds && { transactionalIds }) };
  }
  return all;
}

/** Undefined, where both are what is usual. */
function union(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
  usual: readonly string[],
): string[] | undefined {
  if (left === undefined && right === undefined) return undefined;
  return [...new Set([...(left ?? usual), ...(right ?? usual)])];
}

function mirrorChanges({ mirrors, removals }: Proposal, fleet: DeclaredFleet): DeclaredChange[] {
  const specs = new Map(fleet.list('mirror').map(({ id, spec }) => [id, spec]));
  for (const { source, target, topic } of mirrors) {
    const same = [...specs.values()].filter(
      (mirror) => mirror.source === source && mirror.target === target && (mirror.prefix ?? '') === '',
    );
    if (same.some((mirror) => mirrorTakes(mirror, topic))) continue;
    const [own] = same.filter(({ exclude = [] }) => !mirrorTakes({ topics: exclude }, topic));
    const name = own?.name ?? freeName(`${source}-to-${target}`, specs);
    specs.set(
      name,
      own === undefined ? { name, source, target, topics: [topic] } : { ...own, topics: [...own.topics, topic] },
    );
  }
  for (const [name, mirror] of specs) {
    const topics = mirror.topics.filter(
      (topic) => !removals.some((gone) => gone.cluster === mirror.source && gone.topic === topic),
    );
    if (topics.length < mirror.topics.length) specs.set(name, { ...mirror, topics });
  }
  return [...specs].flatMap(([id, spec]): DeclaredChange[] => {
    const there = fleet.get('mirror', id);
    if (there?.spec === spec) return [];
    const expected = there?.revision ?? 0;
    return [{ kind: 'mirror', id, spec: spec.topics.length === 0 ? null : spec, expected }];
  });
}

function freeName(name: string, specs: ReadonlyMap<string, Mirror>): string {
  if (!specs.has(name)) return name;
  for (let number = 2; ; number++) if (!specs.has(`${name}-${number}`)) return `${name}-${number}`;
}
