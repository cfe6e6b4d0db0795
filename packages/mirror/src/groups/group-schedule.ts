/** When the offsets of consumer groups are carried over. */
import type { Timers } from '@millrace/base';
import { Schedule } from '../schedule.ts';
import { GroupSync, type GroupSyncOptions, type GroupSyncResult } from './group-sync.ts';

/** One direction, again and again once it is started; 60 s between two times by default. */
export function groupSchedule(
  options: GroupSyncOptions,
  timers: Timers,
  pauseMs: number = 60_000,
): Schedule<GroupSyncResult[]> {
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
