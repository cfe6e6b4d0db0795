/** What becomes of records of the source that were never copied, before a failback passes over them or deletes them. */
import { isMillraceError } from '@millrace/base';
import { unwrap } from '@millrace/client';
import { errorCodes } from '@millrace/wire';
import { hasMembers } from '../groups/group-sync.ts';
import { carryGroups } from './carry-groups.ts';
import { type TailRecord, tailRecords } from './divergent-tail.ts';
import { FailoverError } from './failover-errors.ts';
import { failoverTopicOf } from './failover-log.ts';
import type { Tail, TopicFailover } from './failover-record.ts';
import type { MirrorEnds } from './mirror-ends.ts';
import type { SeededPartition } from './seed-reverse.ts';

/** Who takes records that would otherwise be out of the way or gone. */
export interface TailExport {
  record(record: TailRecord): void | Promise<void>;
  /** Resolves once all of them are kept: what comes then may delete them. */
  done?(): Promise<void>;
}

/** Records of one transaction. */
const mergedMax = 5_000;

export async function exportRanges(ends: MirrorEnds, seeds: readonly SeededPartition[], to: TailExport): Promise<void> {
  for (const { original, partition, tail, doomed } of seeds) {
    let count = 0;
    for (const range of doomed ?? [tail]) {
      for await (const record of tailRecords(ends.source, original, range)) {
        count += 1;
        await to.record(record);
      }
    }
    if (count > 0) ends.tell('tail', `${count} records of ${original} [${partition}] were exported`);
  }
  await to.done?.();
}

/**
 * Writes tails to the target as new records, each once for readers of committed records: whoever begins again goes on
 * where the last transaction ended. How far each tail is merged goes with the records in a transaction, as offsets of a
 * group that is called as the topic of failovers. Rejects as the client does.
 */
export async function mergeTails(ends: MirrorEnds, mirror: string, seeds: readonly SeededPartition[]): Promise<void> {
  const { source, target, bounds } = ends;
  const group = failoverTopicOf(mirror);
  await using producer = target.client.producer({ transactionalId: group });
  for (const { original, topic, partition, tail } of seeds) {
    // Ends what an earlier run left open, so that its offsets are settled.
    let transaction = await producer.begin();
    const place = { topic, partition };
    const [stored] = await target.cluster.retrying(bounds, async () =>
      unwrap(await target.admin.fetchOffsets(group, [place], { ...bounds, requireStable: true })),
    );
    const known = stored?.offset ?? tail.from;
    let next = known > tail.from && known <= tail.to ? known : tail.from;
    const commit = async (): Promise<void> => {
      await transaction.sendOffsets({ group, offsets: [{ ...place, offset: next }] });
      await transaction.commit();
    };
    let count = 0;
    for await (const { offset, timestamp, key, value, headers } of tailRecords(source, original, {
      ...tail,
      from: next,
    })) {
      if (!transaction.write({ ...place, timestamp, key, value, headers })) await transaction.ready();
      next = offset + 1;
      count += 1;
      if (count % mergedMax !== 0) continue;
      await commit();
      transaction = await producer.begin();
    }
    next = tail.to;
    await commit();
    ends.tell('tail', `${count} records of ${original} [${tail.partition}] were written to ${topic} on the target`);
  }
}

/** Forgets how far tails were merged, once nobody merges them again. Rejects as the client does. */
export async function forgetMerge({ target, bounds }: MirrorEnds, mirror: string): Promise<void> {
  const [deleted] = await target.admin.deleteGroups([failoverTopicOf(mirror)], bounds);
  if (deleted?.error !== undefined && deleted.error.errorCode !== errorCodes.GROUP_ID_NOT_FOUND) unwrap([deleted]);
}

/** Rejects with `FailoverError` when somebody reads what is to be deleted. */
export async function throwIfRead({ source, bounds }: MirrorEnds, seeds: readonly SeededPartition[]): Promise<void> {
  const places = seeds.map(({ original, partition }) => ({ topic: original, partition }));
  for (const { group, protocolType } of await source.admin.listGroups(bounds)) {
    if (protocolType !== 'consumer' || !(await hasMembers(source.admin, group, bounds.signal))) continue;
    const committed = unwrap(await source.admin.fetchOffsets(group, places, bounds));
    if (committed.length === 0) continue;
    const message = `group ${group} reads on the source what is to be rebuilt there`;
    throw new FailoverError('failover_group_live', `${message}: stop it, and begin again`);
  }
}

/**
 * Deletes what the source holds of partitions that are rebuilt, once the groups there have their places on the target.
 * Rejects with `FailoverError` where brokers delete no records, and as the client does.
 */
export async function emptyPartitions(
  ends: MirrorEnds,
  due: readonly TopicFailover[],
  seeds: readonly SeededPartition[],
): Promise<void> {
  const topics = due.map(({ topic, targetTopic, points }) => {
    const isRebuilt = ({ partition }: Pick<Tail, 'partition'>): boolean =>
      seeds.some((seed) => seed.isSame && seed.original === topic && seed.partition === partition);
    return { topic, targetTopic, partitions: points.filter(isRebuilt).map(({ partition }) => partition) };
  });
  await carryGroups({}, ends, topics);
  const before = seeds
    .filter(({ to }) => to > 0)
    .map(({ original, partition, to }) => ({ topic: original, partition, offset: to }));
  if (before.length > 0) {
    try {
      unwrap(await ends.source.admin.deleteRecords(before, ends.bounds));
    } catch (error) {
      if (!isMillraceError(error) || !('errorName' in error) || error.errorName !== 'POLICY_VIOLATION') throw error;
      const compacted = [...new Set(before.map(({ topic }) => topic))].join(', ');
      const message = `the source deletes no records of topics that are only compacted, among ${compacted}`;
      throw new FailoverError('failback_tail_unsaved', `${message}: delete these topics there, and begin again`);
    }
  }
  ends.tell('tail', `${seeds.length} partitions of the source are rebuilt from what the target holds`, 'warn');
}
