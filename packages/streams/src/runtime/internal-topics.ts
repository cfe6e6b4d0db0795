/**
 * The topics that a job has for itself: `millrace.repartition.<job>.<name>`, `millrace.changelog.<job>.<store>`, and
 * `millrace.streams.<job>` with the form of each store's state. Created where they are missing, and checked where they
 * are not: what does not fit is refused with what to do, and never changed.
 */
import { type Client, json, type NewTopic, text, topic, unwrap } from '@millrace/client';
import { fingerprint, type StoreDefinition } from '../state/store-definition.ts';
import type { Graph } from '../topology/node.ts';
import { partitionCounts, type SubTopology } from '../topology/plan.ts';
import { StateMismatchError } from './job-errors.ts';

export interface InternalTopicOptions {
  readonly client: Client;
  readonly job: string;
  readonly graph: Graph;
  readonly subs: readonly SubTopology[];
  readonly replicationFactor: number | undefined;
  readonly changelogMarginMs: number;
}

export function changelogName(job: string, store: string): string {
  return `millrace.changelog.${job}.${store}`;
}

/**
 * Makes sure that all of them are there, and answers how many partitions each topic has that the job reads. Throws
 * `TopologyError`, `StateMismatchError`, or as calls of the admin do.
 */
export async function prepareTopics(options: InternalTopicOptions): Promise<ReadonlyMap<string, number>> {
  const { client, job, graph, subs } = options;
  await using admin = client.admin();
  const sources = subs.flatMap(({ sources }) => sources.map(({ operator }) => operator));
  const external = sources.filter(({ repartition }) => repartition === undefined).map(({ topic: { name } }) => name);
  const countOf = async (names: readonly string[]): Promise<Map<string, number>> => {
    if (names.length === 0) return new Map();
    const found = await admin.describeTopics(names);
    return new Map(found.flatMap((each) => (each.error === undefined ? [[each.topic, each.partitions.length]] : [])));
  };
  const counts = partitionCounts(graph, subs, await countOf(external));
  const wanted = [...repartitionTopics(options, counts), ...changelogTopics(options, counts), formsTopic(options)];
  const there = await countOf(wanted.map((each) => each.topic));
  for (const each of wanted) checkPartitions(each, there.get(each.topic), job);
  const missing = wanted.filter((each) => !there.has(each.topic));
  const created = await admin.createTopics(missing);
  // Another process of the job may have been quicker.
  unwrap(created.filter(({ error }) => error?.errorName !== 'TOPIC_ALREADY_EXISTS'));
  await checkForms(options);
  return counts;
}

function repartitionTopics(
  { subs, replicationFactor }: InternalTopicOptions,
  counts: ReadonlyMap<string, number>,
): NewTopic[] {
  const own = subs.flatMap(({ sources }) => sources.filter(({ operator }) => operator.repartition !== undefined));
  return own.map(({ operator }) => ({
    topic: operator.topic.name,
    partitions: counts.get(operator.topic.name),
    replicationFactor,
    // What was read and committed is deleted by the job; nothing else may go.
    configuration: { 'cleanup.policy': 'delete', 'retention.ms': '-1' },
  }));
}

function changelogTopics(
  { subs, job, replicationFactor, changelogMarginMs }: InternalTopicOptions,
  counts: ReadonlyMap<string, number>,
): NewTopic[] {
  return subs.flatMap(({ stores, sources }) => {
    const partitions = Math.max(...sources.map(({ operator }) => counts.get(operator.topic.name) as number));
    return stores.map((store) => ({
      topic: changelogName(job, store.name),
      partitions,
      replicationFactor,
      configuration:
        store.kind === 'key-value'
          ? { 'cleanup.policy': 'compact' }
          : { 'cleanup.policy': 'compact,delete', 'retention.ms': String(store.retentionMs + changelogMarginMs) },
    }));
  });
}

function formsTopic({ job, replicationFactor }: InternalTopicOptions): NewTopic {
  const configuration = { 'cleanup.policy': 'compact' };
  return { topic: `millrace.streams.${job}`, partitions: 1, replicationFactor, configuration };
}

function checkPartitions({ topic: name, partitions }: NewTopic, found: number | undefined, job: string): void {
  if (found === undefined || found === partitions) return;
  throw new StateMismatchError(
    `topic ${name} has ${found} partitions, but job '${job}' needs ${partitions} by now, since its sources have as ` +
      'many; state can not be spread anew: give the topology another name, or delete the topics of the job',
  );
}

interface StoreForm {
  readonly form: string;
}

/** Compares the forms of state with those that are noted, and notes those of new stores. */
async function checkForms({ client, job, subs }: InternalTopicOptions): Promise<void> {
  const forms = topic(`millrace.streams.${job}`, { key: text, value: json<StoreForm>() });
  const noted = new Map<string, string>();
  await using consumer = client.consumer({ topics: [forms], from: 'earliest', until: 'end' });
  for await (const batch of consumer) {
    for (const { key, value } of batch) noted.set(key, value.form);
  }
  const stores = subs.flatMap((sub) => sub.stores);
  for (const store of stores) checkForm(store, noted.get(store.name), job);
  const fresh = stores.filter(({ name }) => !noted.has(name));
  if (fresh.length === 0) return;
  await using producer = client.producer();
  const writes = fresh.map((store) =>
    producer.send({ topic: forms, key: store.name, value: { form: fingerprint(store) } }),
  );
  await Promise.all(writes);
}

function checkForm(store: StoreDefinition, noted: string | undefined, job: string): void {
  const form = fingerprint(store);
  if (noted === undefined || noted === form) return;
  throw new StateMismatchError(
    `the state of store '${store.name}' of job '${job}' is '${noted}', but the topology has '${form}'; undo the ` +
      'change, or give the store another name, which begins it afresh',
  );
}
