/**
 * Moves consumer groups alone, while the mirror copies on: each from where it stands on one side to exactly the next
 * record on the other. Nothing is fenced; what is needed is that the group has stopped.
 */
import { sleep } from '@millrace/base';
import { GroupSync, type GroupSyncResult, hasMembers } from '../groups/group-sync.ts';
import type { NameFilter } from '../name-filter.ts';
import { FailoverError } from './failover-errors.ts';
import type { FailoverSides } from './failover-options.ts';
import { MirrorEnds } from './mirror-ends.ts';

const pauseMs = 250;

export interface MoveGroupsOptions extends FailoverSides {
  /** Which groups: names, or patterns that a whole name must match. */
  readonly groups: NameFilter;
  /** `forward`: from the source to the target. */
  readonly direction: 'forward' | 'back';
  /** How long what a group has read may take to be copied, and transactions of its offsets to end. Default 60 s. */
  readonly waitMs?: number | undefined;
}

/**
 * By name; groups without offsets of the mirror's topics are left out. Each stands then on the other side where it is
 * to go on, or farther. Rejects with `FailoverError` when a group has members on either side, before any is moved, or
 * when what one has read does not come, with `OffsetsTopicError`, and as the client does. May be called again.
 */
export async function moveGroups(options: MoveGroupsOptions): Promise<GroupSyncResult[]> {
  const { direction, groups, waitMs = 60_000, name } = options;
  await using ends = new MirrorEnds(options);
  const { source, target, bounds } = ends;
  const { clock, timers } = target.cluster.settings.platform;
  const signal = bounds.signal ?? new AbortController().signal;
  const topics = await ends.withTargetPartitions(await ends.chosen());
  const over = new Set(
    [...(await ends.failovers()).values()].flatMap((each) => (isOver(each.state) ? each.topic : [])),
  );
  const maps = async () =>
    (await ends.maps(topics)).map((each) => ({ ...each, isFinal: direction === 'forward' && over.has(each.topic) }));
  let synced = await maps();
  const sync = new GroupSync({
    source: source.admin,
    target: target.admin,
    direction,
    groups,
    partitions: () => synced,
    requireStable: true,
    report: ({ event, level, message }) => {
      if (event !== 'groups_synced') ends.tell('groups', message, level === 'info' ? 'info' : 'warn');
    },
  });
  const names = await sync.names(signal);
  const sides = { source, target };
  for (const group of names) {
    for (const side of ['source', 'target'] as const) {
      if (!(await hasMembers(sides[side].admin, group, signal))) continue;
      const message = `group ${group} has members on the ${side}`;
      throw new FailoverError('failover_group_live', `${message}: stop them, and begin again`);
    }
  }
  const deadline = clock.monotonic() + waitMs;
  for (;;) {
    const results = await sync.run(signal);
    const waiting = results.filter(({ live, ahead, error }) => live || ahead > 0 || error !== undefined);
    if (waiting.length === 0) return results;
    if (clock.monotonic() > deadline) {
      const [first] = waiting;
      const named = waiting.slice(0, 5).map(({ group }) => group);
      const message = `mirror ${name} did not come to where groups stand within ${waitMs} ms: ${named.join(', ')}`;
      throw (
        first?.error ?? new FailoverError('failover_not_drained', `${message}; see whether it runs, and begin again`)
      );
    }
    await sleep(timers, pauseMs, signal);
    synced = await maps();
  }
}

function isOver(state: string): boolean {
  return state === 'failed-over' || state === 'failing-back';
}
