/**
 * Does what a step says, in few requests of bounded size. Whatever is done already is passed over, so that a step may
 * be begun again; whatever fails does not keep the rest of the step from being done.
 */
import { unreachable } from '@millrace/base';
import type { AclBinding, Admin, KafkaError } from '@millrace/client';
import { aclKey } from '../../identity/wanted-acls.ts';
import { ApplyError } from './apply-errors.ts';
import type { Deed } from './deeds.ts';

/** Deeds that are done to a cluster. */
export type ClusterDeed = Exclude<Deed, { readonly deed: 'declare' }>;

export interface DeedContext {
  readonly admin: Admin;
  readonly signal: AbortSignal;
  progress(done: number, total: number): Promise<void>;
}

export interface Done {
  /** Things that this try changed. */
  readonly changed: number;
  /** Those that were so already. */
  readonly found: number;
}

/** Kafka's controller writes 10,000 records for a request at most (`QuorumController.MAX_RECORDS_PER_USER_OP`). */
const partitionsMax = 2_000;
const topicsMax = 200;
const aclsMax = 500;
/** A creation takes the controller its time for each partition. */
const timeoutMs = 120_000;

export async function doDeed(deed: ClusterDeed, context: DeedContext): Promise<Done> {
  switch (deed.deed) {
    case 'create_topics':
      return await createTopics(deed, context);
    case 'add_partitions':
      return await addPartitions(deed, context);
    case 'alter_settings':
      return await alterSettings(deed, context);
    case 'create_acls':
      return await createAcls(deed, context);
    case 'delete_acls':
      return await deleteAcls(deed, context);
    case 'set_quotas':
      return await setQuotas(deed, context);
    case 'delete_topics':
      return await deleteTopics(deed, context);
    default:
      return unreachable(deed);
  }
}

/** What became of one thing. */
interface Outcome {
  readonly name: string;
  readonly error?: KafkaError | undefined;
}

/** Asks for the items in slices; `isFound` judges the errors that say that a thing is as wanted already. */
async function inSlices<T>(
  what: string,
  cluster: string,
  items: readonly T[],
  weightOf: (item: T) => number,
  max: { readonly items: number; readonly weight: number },
  { signal, progress }: DeedContext,
  ask: (slice: readonly T[]) => Promise<readonly Outcome[]>,
  isFound: (error: KafkaError) => boolean = () => false,
): Promise<Done> {
  const failures = new Map<string, Error>();
  let changed = 0;
  let found = 0;
  let retriable = true;
  let done = 0;
  for (const slice of slicesOf(items, weightOf, max)) {
    signal.throwIfAborted();
    for (const { name, error } of await ask(slice)) {
      if (error === undefined) changed++;
      else if (isFound(error)) found++;
      else {
        failures.set(name, error);
        retriable &&= error.retriable;
      }
    }
    done += slice.length;
    await progress(done, items.length);
  }
  if (failures.size > 0) throw new ApplyError(what, cluster, failures, { retriable });
  return { changed, found };
}

function* slicesOf<T>(
  items: readonly T[],
  weightOf: (item: T) => number,
  max: { readonly items: number; readonly weight: number },
): Generator<T[]> {
  let slice: T[] = [];
  let weight = 0;
  for (const item of items) {
    const own = weightOf(item);
    if (slice.length > 0 && (slice.length === max.items || weight + own > max.weight)) {
      yield slice;
      slice = [];
      weight = 0;
    }
    slice.push(item);
    weight += own;
  }
  if (slice.length > 0) yield slice;
}

const one = (): number => 1;
const oneEach = { items: topicsMax, weight: Number.POSITIVE_INFINITY };
const byPartitions = { items: topicsMax, weight: partitionsMax };

type Of<Name extends ClusterDeed['deed']> = Extract<ClusterDeed, { readonly deed: Name }>;

function createTopics({ cluster, topics }: Of<'create_topics'>, context: DeedContext): Promise<Done> {
  const { admin, signal } = context;
  const weightOf = ({ partitions }: { readonly partitions: number }): number => partitions;
  const ask = async (slice: typeof topics): Promise<Outcome[]> => {
    const wanted = slice.map(({ topic, partitions, replicas, configs }) => {
      return { topic, partitions, replicationFactor: replicas, configuration: configs };
    });
    const results = await admin.createTopics(wanted, { signal, timeoutMs });
    return results.map(({ topic, error }) => ({ name: topic, error }));
  };
  const isFound = ({ errorName }: KafkaError): boolean => errorName === 'TOPIC_ALREADY_EXISTS';
  return inSlices('create', cluster, topics, weightOf, byPartitions, context, ask, isFound);
}

async function addPartitions({ cluster, topics }: Of<'add_partitions'>, context: DeedContext): Promise<Done> {
  const { admin, signal } = context;
  // Kafka calls as many partitions as there are an error, and more than wanted as well.
  const listed = new Map((await admin.listTopics({ signal })).map((each) => [each.topic, each.partitionCount]));
  const open = topics.filter(({ topic, to }) => (listed.get(topic) ?? 0) < to);
  const ask = async (slice: typeof topics): Promise<Outcome[]> => {
    const wanted = slice.map(({ topic, to }) => ({ topic, totalCount: to }));
    const results = await admin.createPartitions(wanted, { signal, timeoutMs });
    return results.map(({ topic, error }) => ({ name: topic, error }));
  };
  const weightOf = ({ from, to }: { readonly from: number; readonly to: number }): number => to - from;
  const done = await inSlices('add partitions to', cluster, open, weightOf, byPartitions, context, ask);
  return { ...done, found: topics.length - open.length };
}

function alterSettings({ cluster, topics }: Of<'alter_settings'>, context: DeedContext): Promise<Done> {
  const { admin, signal } = context;
  const ask = async (slice: typeof topics): Promise<Outcome[]> => {
    const resources = slice.map(({ topic, set, unset }) => ({
      type: 'topic' as const,
      name: topic,
      changes: [
        ...Object.entries(set).map(([name, value]) => ({ name, operation: 'set' as const, value })),
        ...unset.map((name) => ({ name, operation: 'delete' as const })),
      ],
    }));
    return await admin.incrementalAlterConfigs(resources, { signal });
  };
  return inSlices('change settings of', cluster, topics, one, oneEach, context, ask);
}

function createAcls({ cluster, acls }: Of<'create_acls'>, context: DeedContext): Promise<Done> {
  const { admin, signal } = context;
  const ask = async (slice: readonly AclBinding[]): Promise<Outcome[]> => {
    const results = await admin.createAcls(slice, { signal });
    return results.map((result) => ({ name: aclKey(result), error: result.error }));
  };
  return inSlices('allow', cluster, acls, one, { ...oneEach, items: aclsMax }, context, ask);
}

function deleteAcls({ cluster, acls }: Of<'delete_acls'>, context: DeedContext): Promise<Done> {
  const { admin, signal } = context;
  const ask = async (slice: readonly AclBinding[]): Promise<Outcome[]> => {
    const results = await admin.deleteAcls(slice, { signal });
    return results.map(({ error }, index) => ({ name: aclKey(slice[index] as AclBinding), error }));
  };
  return inSlices('delete', cluster, acls, one, { ...oneEach, items: aclsMax }, context, ask);
}

function setQuotas({ cluster, quotas }: Of<'set_quotas'>, context: DeedContext): Promise<Done> {
  const { admin, signal } = context;
  const ask = async (slice: typeof quotas): Promise<Outcome[]> => {
    const results = await admin.alterClientQuotas(slice, { signal });
    return results.map(({ entity, error }) => ({ name: JSON.stringify(entity), error }));
  };
  return inSlices('bound', cluster, quotas, one, oneEach, context, ask);
}

function deleteTopics({ cluster, topics }: Of<'delete_topics'>, context: DeedContext): Promise<Done> {
  const { admin, signal } = context;
  const ask = async (slice: readonly string[]): Promise<Outcome[]> => {
    const results = await admin.deleteTopics(slice, { signal, timeoutMs });
    return results.map(({ topic, error }) => ({ name: topic, error }));
  };
  const isFound = ({ errorName }: KafkaError): boolean => errorName === 'UNKNOWN_TOPIC_OR_PARTITION';
  return inSlices('delete', cluster, topics, one, oneEach, context, ask, isFound);
}
