/** When the offsets of consumer groups are carried over. */
import type { Timers } from '@millrace/base';
import { Schedule } from '../schedule.ts';
import { type GroupDirection, GroupSync, type GroupSyncOptions, type GroupSyncResult } from './group-sync.ts';

export type GroupSchedules = { readonly [direction in GroupDirection]: Schedule<GroupSyncResult[]> };

export interface GroupScheduleOptions extends Omit<GroupSyncOptions, 'direction'> {
  /** Default 60 s. */
  readonly groupIntervalMs?: number | undefined;
}

/** Each direction, again and again once it is started. */
export function groupSchedules(options: GroupScheduleOptions, timers: Timers): GroupSchedules {
  const of = (direction: GroupDirection): Schedule<GroupSyncResult[]> => {
    return groupSchedule({ ...options, direction }, timers, options.groupIntervalMs);
  };
  return { forward: of('forward'), back: of('back') };
}

function groupSchedule(options: GroupSyncOptions, timers: Timers, pauseMs = 60_000): Schedule<GroupSyncResult[]> {
  const sync = new GroupSync(options);
  return new Schedule({
    timers,
    pauseMs,
    work: (signal) => sync.run(signal),
    failed: (error) => {
      const message = `consumer groups were not carried over: ${error.message}; trying again`;
      options.report({ level: 'warn', event: 'groups_failed', message, error });
    },
  });
}
