/**
 * The steps that make a difference go away. Pure: the same difference gives the same steps.
 *
 * The record is changed first, so that what is on clusters is never undeclared; what goes is taken out of it last, so
 * that a deletion that failed can be asked for again. Each cluster has a chain of its own, and the chains go side by
 * side.
 */
import type { Topic } from '@millrace/api/declared';
import type { Json, Plan, PlannedStep } from '../../operations/plan-kind.ts';
import type { ClusterDifference, QuotaToSet, TopicSettings } from '../difference/compare-cluster.ts';
import type { FleetDifference } from '../difference/fleet-difference.ts';
import type { RecordChange } from '../difference/intent.ts';
import { counted, toldOf } from '../difference/told.ts';
import type { Deed } from './deeds.ts';

/** Things of one step. */
const itemsMax = 1_000;

interface Draft {
  /** With the batch it is the step's id. */
  readonly what: string;
  readonly title: string;
  readonly destructive?: boolean;
  readonly deed: Deed;
  readonly before?: Json | undefined;
  readonly to?: Json | undefined;
}

export function planOf(difference: FleetDifference): Plan {
  const { intent, clusters } = difference;
  const steps: PlannedStep[] = [];
  if (intent.toDeclare.length > 0) {
    steps.push({ ...stepOf({ ...declaring('declare', intent.toDeclare) }), after: [] });
  }
  const begin = steps.map(({ id }) => id);
  const ends: string[] = [];
  for (const [cluster, ofCluster] of clusters) {
    let after = begin;
    for (const draft of draftsOf(cluster, ofCluster)) {
      const step = stepOf(draft);
      steps.push({ ...step, after });
      after = [step.id];
    }
    if (after !== begin) ends.push(...after);
  }
  if (intent.toRemove.length > 0) {
    const after = ends.length === 0 ? begin : ends;
    steps.push({ ...stepOf({ ...declaring('take out of the record', intent.toRemove), destructive: true }), after });
  }
  return { title: titleOf(difference, steps), steps, notes: toldOf(difference).map(({ text }) => text) };
}

function titleOf({ clusters, intent }: FleetDifference, steps: readonly PlannedStep[]): string {
  if (steps.length === 0) return 'nothing to do: the fleet is as it is declared';
  const changed = [...clusters].filter(([name]) =>
    steps.some(({ input }) => (input as { cluster?: string }).cluster === name),
  );
  const declared = intent.toDeclare.length + intent.toRemove.length;
  const parts = [
    ...(declared === 0 ? [] : [`${counted(declared, 'change')} of the record`]),
    ...(changed.length === 0 ? [] : [`changes on ${changed.map(([name]) => name).join(', ')}`]),
  ];
  return parts.join(', and ');
}

function stepOf({ what, title, destructive = false, deed, before, to }: Draft): PlannedStep {
  return {
    id: what,
    title,
    destructive,
    input: deed as unknown as Json,
    ...(before !== undefined && { before }),
    ...(to !== undefined && { to }),
  };
}

function declaring(what: string, changes: readonly RecordChange[]): Draft {
  const kinds = Map.groupBy(changes, ({ kind }) => kind);
  const counts = [...kinds].map(([kind, some]) => counted(some.length, kind)).join(', ');
  return {
    what,
    title: changes.every(({ to }) => to === null) ? `take out of the record: ${counts}` : `declare ${counts}`,
    deed: { deed: 'declare', changes: changes.map(({ kind, id, to }) => ({ kind, id, spec: to })) },
  };
}

function draftsOf(cluster: string, difference: ClusterDifference): Draft[] {
  const { topicsToCreate, partitionsToAdd, settingsToChange, aclsToCreate, aclsToDelete, topicsToDelete } = difference;
  const [dropping, harmless] = [true, false].map((drops) =>
    settingsToChange.filter((each) => each.mayDropRecords === drops),
  );
  return [
    ...batched(cluster, 'create topics', topicsToCreate, (topics, title) => ({
      title: title('topic', ({ name }) => name),
      deed: { deed: 'create_topics', cluster, topics: topics.map(newTopicOf) },
    })),
    ...batched(cluster, 'add partitions', partitionsToAdd, (topics, title) => ({
      title: `${title('topic', ({ topic, from, to }) => `${topic}, ${from} to ${to}`)}: keys move to other partitions`,
      deed: { deed: 'add_partitions', cluster, topics },
    })),
    ...batched(cluster, 'change settings', harmless ?? [], (topics, title) =>
      settingsDraft(cluster, topics, title, false),
    ),
    ...batched(cluster, 'shorten retention', dropping ?? [], (topics, title) =>
      settingsDraft(cluster, topics, title, true),
    ),
    ...batched(cluster, 'create ACLs', aclsToCreate, (acls, title) => ({
      title: title('ACL', ({ acl }) => `${acl.principal} ${acl.operation} ${acl.resourceType} ${acl.resourceName}`),
      deed: { deed: 'create_acls', cluster, acls: acls.map(({ acl }) => acl) },
    })),
    ...batched(cluster, 'set quotas', difference.quotasToSet, (quotas, title) => ({
      title: title('quota', ({ entity }) => JSON.stringify(entity)),
      destructive: quotas.some(({ to }) => Object.keys(to).length === 0),
      deed: { deed: 'set_quotas', cluster, quotas: quotas.map(quotaChangeOf) },
      before: quotas.map(({ entity, from }) => ({ entity, limits: from })) as Json,
      to: quotas.map(({ entity, to }) => ({ entity, limits: to })) as Json,
    })),
    ...batched(cluster, 'delete ACLs', aclsToDelete, (acls, title) => ({
      title: title('ACL', (acl) => `${acl.principal} ${acl.operation} ${acl.resourceType} ${acl.resourceName}`),
      destructive: true,
      deed: { deed: 'delete_acls', cluster, acls },
    })),
    ...batched(cluster, 'delete topics', topicsToDelete, (topics, title) => ({
      title: title('topic', ({ name }) => name),
      destructive: true,
      deed: { deed: 'delete_topics', cluster, topics: topics.map(({ name }) => name) },
      before: topics.map(({ name, partitions, replicas, configs }) => ({
        name,
        partitions,
        replicas,
        configs,
      })) as Json,
    })),
  ];
}

/** What is done to topics, not topics. */
const nounInTitle: ReadonlySet<string> = new Set(['add partitions', 'change settings', 'shorten retention']);

/** How many of what, and which when it is one: the rest of a step's title. */
type Title<T> = (noun: string, textOf: (item: T) => string) => string;

function batched<T>(
  cluster: string,
  verb: string,
  items: readonly T[],
  draft: (batch: readonly T[], title: Title<T>) => Omit<Draft, 'what'>,
): Draft[] {
  const drafts: Draft[] = [];
  const batches = Math.ceil(items.length / itemsMax);
  for (let batch = 0; batch < batches; batch++) {
    const some = items.slice(batch * itemsMax, (batch + 1) * itemsMax);
    const title: Title<T> = (noun, textOf) => {
      const [first] = some;
      const which = some.length === 1 && first !== undefined ? `${noun} ${textOf(first)}` : counted(some.length, noun);
      return `${nounInTitle.has(verb) ? `${verb} of` : verb.split(' ')[0]} ${which} on ${cluster}`;
    };
    drafts.push({
      what: `${verb} on ${cluster}${batches === 1 ? '' : `, ${batch + 1} of ${batches}`}`,
      ...draft(some, title),
    });
  }
  return drafts;
}

function newTopicOf({ name, partitions, replicas, configs = {} }: Topic) {
  return {
    topic: name,
    partitions,
    ...(replicas !== undefined && { replicas }),
    configs: Object.fromEntries(Object.entries(configs).map(([setting, value]) => [setting, String(value)])),
  };
}

function settingsDraft(
  cluster: string,
  topics: readonly TopicSettings[],
  title: Title<TopicSettings>,
  drops: boolean,
): Omit<Draft, 'what'> {
  const which = title('topic', ({ topic, changes }) => `${topic} (${changes.map(({ name }) => name).join(', ')})`);
  return {
    title: drops ? `${which}: records that are kept now may go` : which,
    destructive: drops,
    deed: {
      deed: 'alter_settings',
      cluster,
      topics: topics.map(({ topic, changes }) => ({
        topic,
        set: Object.fromEntries(changes.flatMap(({ name, to }) => (to === null ? [] : [[name, to]]))),
        unset: changes.filter(({ to }) => to === null).map(({ name }) => name),
      })),
    },
    before: Object.fromEntries(topics.map(({ topic, changes }) => [topic, valuesOf(changes, 'from')])),
    to: Object.fromEntries(topics.map(({ topic, changes }) => [topic, valuesOf(changes, 'to')])),
  };
}

function valuesOf(changes: TopicSettings['changes'], side: 'from' | 'to'): Json {
  return Object.fromEntries(changes.map((change) => [change.name, change[side]]));
}

function quotaChangeOf({ entity, from, to }: QuotaToSet) {
  return { entity, set: to, remove: Object.keys(from).filter((name) => to[name] === undefined) };
}
