/**
 * Keeps writers off the source's topics while a mirror is failed over: a rule that denies everybody to write. Kafka
 * asks no rules of super users, nor of anybody where there is no authorizer: those can't be fenced.
 */
import { isMillraceError, sleep } from '@millrace/base';
import { type Admin, unwrap } from '@millrace/client';
import { answerError, type CallBounds, type Cluster } from '@millrace/client/protocol';
import { describeAcls, errorCodes, produce, RecordBatchBuilder } from '@millrace/wire';
import { FailoverError } from './failover-errors.ts';
import { fenceOf, isOpening, openingOf } from './fence-rules.ts';

const confirmPauseMs = 50;
const produceVersionMax = 12;
/** DescribeAcls' numbers: topics, everything, literal names, write, deny. */
const wire = { topic: 2, any: 1, literal: 3, write: 4, deny: 2 } as const;

/** What can be done to keep writers off topics. */
export interface FencePlan {
  /** Those of the topics that can be fenced. */
  readonly topics: readonly string[];
  /** Those of them that must be left open for all but writing. */
  readonly opened: readonly string[];
  /** Whom no rule keeps from writing, in words; empty when nobody. */
  readonly unfenceable: readonly string[];
}

/** Changes nothing. Rejects with the client's errors. */
export async function planFence(admin: Admin, topics: readonly string[], bounds: CallBounds): Promise<FencePlan> {
  if (!(await hasAuthorizer(admin, bounds))) {
    return { topics: [], opened: [], unfenceable: ['any writer, as the source has no authorizer'] };
  }
  const unfenceable = await superUsers(admin, bounds);
  const isOpen = await brokerSetting(admin, 'allow.everyone.if.no.acl.found', bounds);
  const bare: string[] = [];
  for (const topic of isOpen === 'false' || isOpen === undefined ? [] : topics) {
    const filter = { resourceType: 'topic', resourceName: topic, patternType: 'match' } as const;
    if ((await admin.describeAcls(filter, bounds)).length === 0) bare.push(topic);
  }
  if (isOpen === 'true') return { topics, opened: bare, unfenceable };
  // A first rule might close them to readers, or an opening open them to everybody.
  const unknown = bare.map((topic) => {
    return `writers of topic ${topic}, which has no rules, while the source keeps to itself whether it is open then`;
  });
  return {
    topics: topics.filter((topic) => !bare.includes(topic)),
    opened: [],
    unfenceable: [...unfenceable, ...unknown],
  };
}

async function superUsers(admin: Admin, bounds: CallBounds): Promise<string[]> {
  const setting = await brokerSetting(admin, 'super.users', bounds);
  if (setting === null) return ['the super users of the source, whom it does not name'];
  const names = (setting ?? '').split(';').filter((name) => name !== '');
  return names.map((name) => `super user ${name}, of whom the source asks no rules`);
}

export async function hasAuthorizer(admin: Admin, bounds: CallBounds): Promise<boolean> {
  try {
    await admin.describeAcls({ resourceType: 'topic', resourceName: '-' }, bounds);
    return true;
  } catch (error) {
    if (isMillraceError(error) && 'errorName' in error && error.errorName === 'SECURITY_DISABLED') return false;
    throw error;
  }
}

/**
 * Denies everybody to write to the topics. Where a topic without rules was open to all, it stays so for all else: a
 * first rule would close it.
 */
export async function raiseFence(admin: Admin, { topics, opened }: FencePlan, bounds: CallBounds): Promise<void> {
  // Openings go first, so that nobody is shut out between the two.
  const rules = [...opened.flatMap(openingOf), ...topics.map(fenceOf)];
  if (rules.length > 0) unwrap(await admin.createAcls(rules, bounds));
}

/** Lets writers in again. */
export async function lowerFence(admin: Admin, topics: readonly string[], bounds: CallBounds): Promise<void> {
  const rules = await admin.describeAcls({ resourceType: 'topic' }, bounds);
  const openings = rules.filter((rule) => topics.includes(rule.resourceName) && isOpening(rule, rules));
  const results = unwrap(await admin.deleteAcls([...topics.map(fenceOf), ...openings], bounds));
  for (const { deleted } of results) unwrap(deleted);
}

/** Resolves once every broker of the cluster knows the rule; rejects with `FailoverError` after the bound. */
export async function confirmByRules(
  cluster: Cluster,
  topics: readonly string[],
  withinMs: number,
  bounds: CallBounds,
): Promise<void> {
  await cluster.retrying(bounds, () => cluster.askMetadata([], false));
  const nodes = cluster.pool.nodes.map(({ nodeId }) => nodeId);
  await confirm(cluster, withinMs, bounds, async () => {
    const open: string[] = [];
    for (const nodeId of nodes) {
      const fenced = await cluster.retrying(bounds, () => fencedAt(cluster, nodeId));
      for (const topic of topics) if (!fenced.has(topic)) open.push(`broker ${nodeId} does not know it of ${topic}`);
    }
    return open;
  });
}

/**
 * Resolves once the leader of every partition refuses what a principal that may otherwise write sends. What is sent is
 * no valid batch, so that nothing is written where it is not refused yet.
 */
export async function confirmByProbe(
  probe: Cluster,
  topics: readonly string[],
  withinMs: number,
  bounds: CallBounds,
): Promise<void> {
  await confirm(probe, withinMs, bounds, async () => {
    const open: string[] = [];
    for (const topic of topics) {
      const { partitions } = await probe.metadata.topic(topic, false, bounds);
      for (const [partition, { leader }] of partitions.entries()) {
        const errorCode = await probe.retrying(bounds, () => probeLeader(probe, topic, partition, leader));
        if (errorCode === errorCodes.TOPIC_AUTHORIZATION_FAILED) continue;
        open.push(`broker ${leader} does not refuse the probe at ${topic} [${partition}]`);
      }
      await probe.metadata.refresh([topic]);
    }
    return open;
  });
}

async function confirm(
  { settings }: Cluster,
  withinMs: number,
  bounds: CallBounds,
  look: () => Promise<string[]>,
): Promise<void> {
  const { clock, timers } = settings.platform;
  const deadline = clock.monotonic() + withinMs;
  for (;;) {
    const open = await look();
    if (open.length === 0) return;
    if (clock.monotonic() > deadline) {
      const message = `the rule that denies writing is not in force everywhere: ${open.slice(0, 5).join(', ')}`;
      throw new FailoverError('failover_fence_unconfirmed', `${message}; begin again when the cluster is well`);
    }
    await sleep(timers, confirmPauseMs, bounds.signal);
  }
}

async function fencedAt(cluster: Cluster, nodeId: number): Promise<Set<string>> {
  const answer = await cluster.callBroker(nodeId, describeAcls, {
    resourceTypeFilter: wire.topic,
    resourceNameFilter: null,
    patternTypeFilter: wire.any,
    principalFilter: 'User:*',
    hostFilter: '*',
    operation: wire.write,
    permissionType: wire.deny,
  });
  if (answer.errorCode !== 0) throw answerError(answer.errorCode, 'describe ACLs', answer.errorMessage);
  const literal = answer.resources.filter(({ patternType }) => patternType === wire.literal);
  return new Set(literal.map(({ resourceName }) => resourceName));
}

async function probeLeader(probe: Cluster, topic: string, partition: number, leader: number): Promise<number> {
  const builder = new RecordBatchBuilder();
  builder.append(0, null, 'probe');
  const records = builder.build();
  // The checksum is damaged: who may write is told so, and nothing is stored.
  records[17] = (records[17] ?? 0) ^ 0xff;
  const connection = await probe.pool.connect(leader);
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
  const draft = { acks: -1, timeoutMs: 5000, topicData };
  const { responses } = await connection.request(produce, draft, { versionMax: produceVersionMax });
  return responses[0]?.partitionResponses[0]?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
}

/** Null when brokers keep it to themselves, as Apache Kafka does of what its authorizer is told; undefined if unset. */
async function brokerSetting(admin: Admin, name: string, bounds: CallBounds): Promise<string | null | undefined> {
  const { brokers } = await admin.describeCluster(bounds);
  const resource = { type: 'broker' as const, name: `${brokers[0]?.nodeId ?? 0}`, keys: [name] };
  const [described] = unwrap(await admin.describeConfigs([resource], bounds));
  return described?.entries.find((entry) => entry.name === name)?.value;
}
