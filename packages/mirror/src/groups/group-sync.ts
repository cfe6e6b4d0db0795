/**
 * Carries the offsets that consumer groups have committed on one side of a mirror over to the other, for the partitions
 * that this process copies: exactly, or not at all.
 *
 * A group is left alone where it has members, and a partition of it where it stands farther already than it would be
 * put: nothing is read twice because of the mirror. An offset beyond what was copied waits for the next time.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { type Admin, type ItemResult, type TopicPartition, unwrap } from '@millrace/client';
import { errorCodes, type KafkaError } from '@millrace/wire';
import type { MirrorReport } from '../mirror-event.ts';
import { isMatched, isNamed, type NameFilter } from '../name-filter.ts';
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { metOnSource, metOnTarget, type OppositeLook, type OppositeMaps } from './opposite-maps.ts';
import { type CopyProgress, sourceOffsetOf, targetOffsetOf } from './translate.ts';

/** From the source to the target, or for a failback from there to the source. */
export type GroupDirection = 'forward' | 'back';

/** A partition of the source that this process copies. */
export interface SyncedPartition extends TopicPartition {
  readonly target: TopicPartition;
  readonly map: PartitionOffsetMap;
  readonly confirmed: CopyProgress;
  /** Nothing more is copied: who stands beyond what was goes on behind it. */
  readonly isFinal?: boolean | undefined;
}

/** What became of a group; the numbers are of its partitions that this process copies. */
export interface GroupSyncResult {
  readonly group: string;
  /** It has members where it is carried to, so that nothing was set. */
  readonly live: boolean;
  /** Offsets that were set. */
  readonly synced: number;
  /** Offsets that lie beyond what was copied so far: they come with a later run. */
  readonly ahead: number;
  /** Offsets left alone, as the group stands farther already. */
  readonly skipped: number;
  /** Why offsets of it could not be read or set. */
  readonly error?: Error | undefined;
}

export interface GroupSyncOptions {
  readonly direction: GroupDirection;
  /** Of the two sides. */
  readonly source: Admin;
  readonly target: Admin;
  /** Which groups; all but Millrace's own when absent. */
  readonly groups: NameFilter | undefined;
  readonly partitions: () => Iterable<SyncedPartition>;
  /** Whether offsets that are part of an open transaction are waited for, with an error; else the ones before count. */
  readonly requireStable?: boolean | undefined;
  /** What is known of mirrors in the other direction; by default there are none. */
  readonly opposites?: OppositeMaps | undefined;
  readonly report: MirrorReport;
}

interface Offset extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
}

/** What one run carries over, by their names on the side that groups come from. */
interface Carried {
  readonly partitions: ReadonlyMap<string, SyncedPartition>;
  readonly oppositesOf: OppositeLook | undefined;
}

/** How many groups are looked at at once. */
const groupsMax = 8;
const ownGroups = /^millrace\./;
/** What brokers refuse offsets with that do not come from the group's members, while it has any. */
const refusedForMembers: ReadonlySet<number> = new Set([
  errorCodes.UNKNOWN_MEMBER_ID,
  errorCodes.ILLEGAL_GENERATION,
  errorCodes.STALE_MEMBER_EPOCH,
]);

type Told = 'group_live' | 'group_ahead' | 'group_failed';

export class GroupSync {
  readonly #options: GroupSyncOptions;
  readonly #from: Admin;
  readonly #to: Admin;
  /** What was told of a group, so that it is told again only after something else. */
  readonly #told = new Map<string, Told>();

  constructor(options: GroupSyncOptions) {
    this.#options = options;
    const { source, target, direction } = options;
    [this.#from, this.#to] = direction === 'forward' ? [source, target] : [target, source];
  }

  /** Rejects with `KafkaError`, or a retriable error, when the groups can't be listed. */
  async run(signal: AbortSignal): Promise<GroupSyncResult[]> {
    const partitions = new Map<string, SyncedPartition>();
    for (const each of this.#options.partitions()) partitions.set(nameOf(this.#isForward ? each : each.target), each);
    const groups = partitions.size === 0 ? [] : await this.names(signal);
    for (const told of this.#told.keys()) if (!groups.includes(told)) this.#told.delete(told);
    const carried = { partitions, oppositesOf: this.#options.opposites?.look({ signal }) };
    const results: GroupSyncResult[] = [];
    const queue = [...groups];
    const work = async (): Promise<void> => {
      for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
        const result = await this.#syncOrTell(group, carried, signal);
        if (result !== undefined) results.push(result);
      }
    };
    await Promise.all(Array.from({ length: groupsMax }, work));
    results.sort((left, right) => (left.group < right.group ? -1 : 1));
    this.#tellAll(results);
    return results;
  }

  /** The groups that are meant, on the side that they come from. Rejects as `run` does. */
  async names(signal: AbortSignal): Promise<string[]> {
    const { groups } = this.#options;
    const listed = await this.#from.listGroups({ signal });
    // A group without a protocol only has offsets.
    const consuming = listed.filter(({ protocolType }) => protocolType === 'consumer' || protocolType === '');
    const names = consuming.map(({ group }) => group);
    if (groups === undefined) return names.filter((name) => !ownGroups.test(name));
    return names.filter((name) => isNamed(groups, name) || (!ownGroups.test(name) && isMatched(groups, name)));
  }

  async #syncOrTell(group: string, carried: Carried, signal: AbortSignal): Promise<GroupSyncResult | undefined> {
    try {
      return await this.#sync(group, carried, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isMillraceError(error)) throw error;
      return { group, live: false, synced: 0, ahead: 0, skipped: 0, error };
    }
  }

  /** Undefined when the group has no offset of these partitions. */
  async #sync(group: string, carried: Carried, signal: AbortSignal): Promise<GroupSyncResult | undefined> {
    const { requireStable } = this.#options;
    const committed = unwrap(await this.#from.fetchOffsets(group, undefined, { signal, requireStable }));
    const { offsets, ahead } = await this.#translate(committed, carried);
    if (offsets.length + ahead === 0) return undefined;
    const result = { group, live: false, synced: 0, ahead, skipped: 0 };
    if (await hasMembers(this.#to, group, signal)) return { ...result, live: true };
    if (offsets.length === 0) return result;
    const there = new Map(
      unwrap(await this.#to.fetchOffsets(group, offsets, { signal })).map((each) => [nameOf(each), each.offset]),
    );
    const due = offsets.filter((each) => (there.get(nameOf(each)) ?? -1) <= each.offset);
    const skipped = offsets.length - due.length;
    const errors = due.length === 0 ? [] : failures(await this.#to.commitOffsets(group, due, { signal }));
    const live = errors.some(({ errorCode }) => refusedForMembers.has(errorCode));
    const error = errors.find(({ errorCode }) => !refusedForMembers.has(errorCode));
    const outcome = { ...result, live, skipped, synced: due.length - errors.length };
    return error === undefined ? outcome : { ...outcome, error };
  }

  async #translate(
    committed: readonly Offset[],
    { partitions, oppositesOf }: Carried,
  ): Promise<{ readonly offsets: readonly Offset[]; readonly ahead: number }> {
    const offsets: Offset[] = [];
    let ahead = 0;
    for (const { topic, partition, offset: at, metadata } of committed) {
      const copy = partitions.get(nameOf({ topic, partition }));
      if (copy === undefined) continue;
      const translate = this.#isForward ? targetOffsetOf : sourceOffsetOf;
      const place = this.#isForward ? copy.target : copy;
      const behind = copy.confirmed[this.#isForward ? 'target' : 'source'];
      const offset = translate(copy.map, copy.confirmed, at) ?? (copy.isFinal ? behind : undefined);
      if (offset === undefined) {
        ahead += 1;
        continue;
      }
      const opposites = (await oppositesOf?.(copy)) ?? [];
      const met = opposites.map((each) => (this.#isForward ? metOnSource(each, at) : metOnTarget(each, at)));
      const { topic: name, partition: number } = place;
      offsets.push({ topic: name, partition: number, offset: Math.min(offset, ...met), metadata });
    }
    return { offsets, ahead };
  }

  get #isForward(): boolean {
    return this.#options.direction === 'forward';
  }

  #tellAll(results: readonly GroupSyncResult[]): void {
    const sum = { synced: 0, ahead: 0, skipped: 0 };
    for (const result of results) {
      this.#tell(result);
      for (const name of ['synced', 'ahead', 'skipped'] as const) sum[name] += result[name];
    }
    const message =
      `${sum.synced} offsets of ${results.length} groups were carried ${this.#isForward ? 'over' : 'back'}; ` +
      `${sum.ahead} wait for records to be copied, ${sum.skipped} stand farther already`;
    this.#options.report({ level: 'info', event: 'groups_synced', message });
  }

  #tell({ group, live, skipped, error }: GroupSyncResult): void {
    const told = error !== undefined ? 'group_failed' : live ? 'group_live' : skipped > 0 ? 'group_ahead' : undefined;
    if (told === this.#told.get(group)) return;
    if (told === undefined) this.#told.delete(group);
    else {
      this.#told.set(group, told);
      this.#options.report({
        level: told === 'group_live' ? 'info' : 'warn',
        event: told,
        message: sentences[told](group, this.#isForward ? 'target' : 'source', error),
        group,
        ...(error === undefined ? {} : { error }),
      });
    }
  }
}

const sentences: { readonly [T in Told]: (group: string, side: string, error: Error | undefined) => string } = {
  group_live: (group, side) => `group ${group} has members on the ${side}: its offsets there are left to them`,
  group_ahead: (group, side) => `group ${group} stands farther on the ${side} already: it is left where it is`,
  group_failed: (group, _, error) => `offsets of group ${group} were not carried over: ${messageOf(error)}`,
};

/** Whether anybody is in the group. Rejects as the client does. */
export async function hasMembers(admin: Admin, group: string, signal?: AbortSignal): Promise<boolean> {
  const [described] = await admin.describeGroups([group], { signal });
  if (described === undefined || described.error?.errorCode === errorCodes.GROUP_ID_NOT_FOUND) return false;
  if (described.error !== undefined) throw described.error;
  return described.members.length > 0;
}

function failures(results: readonly ItemResult<TopicPartition>[]): KafkaError[] {
  return results.flatMap(({ error }) => error ?? []);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`;
}
