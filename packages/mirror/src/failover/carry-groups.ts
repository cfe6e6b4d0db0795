/** Carries consumer groups over once a mirror has ended: their offsets have their final places on the target. */
import { sleep } from '@millrace/base';
import { GroupSync, type GroupSyncResult, hasMembers } from '../groups/group-sync.ts';
import type { FailoverOptions } from './failover-options.ts';
import type { ChosenTopic, MirrorEnds } from './mirror-ends.ts';

const pauseMs = 200;

export interface CarriedGroup extends GroupSyncResult {
  /** It still has members on the source: what they read from now on is read again on the target. */
  readonly reads: boolean;
}

/**
 * By name. An offset that waits for a transaction to end is waited for as long as transactions are. Rejects as the
 * client does.
 */
export async function carryGroups(
  options: Pick<FailoverOptions, 'groups' | 'transactionsMs'>,
  ends: MirrorEnds,
  topics: readonly ChosenTopic[],
): Promise<CarriedGroup[]> {
  const { source, target, bounds } = ends;
  const { clock, timers } = target.cluster.settings.platform;
  const maps = (await ends.maps(topics)).map((each) => ({ ...each, isFinal: true }));
  const sync = new GroupSync({
    source: source.admin,
    target: target.admin,
    direction: 'forward',
    groups: options.groups,
    partitions: () => maps,
    requireStable: true,
    report: ({ event, level, message }) => {
      ends.tell('groups', message, level !== 'info' || event === 'group_live' ? 'warn' : 'info');
    },
  });
  const signal = bounds.signal ?? new AbortController().signal;
  const deadline = clock.monotonic() + (options.transactionsMs ?? 60_000);
  let results = await sync.run(signal);
  while (results.some(isPassing) && clock.monotonic() < deadline) {
    await sleep(timers, pauseMs, signal);
    results = await sync.run(signal);
  }
  const carried: CarriedGroup[] = [];
  for (const each of results) {
    const reads = await hasMembers(source.admin, each.group, signal);
    if (reads) {
      const message = `group ${each.group} still reads on the source: stop it there, and do this again`;
      ends.tell('groups', message, 'warn');
    }
    carried.push({ ...each, reads });
  }
  return carried;
}

function isPassing({ error }: GroupSyncResult): boolean {
  return error !== undefined && 'retriable' in error && error.retriable === true;
}
