/** Waits until processes have done what they were asked for. */
import { setTimeout as delay } from 'node:timers/promises';
import { usageOf } from '../harness/process-usage.ts';

const windowMs = 2_000;
const windowsMax = 60;

/** Resolves when, over two seconds, the processes used no more than `share` of one processor each, on average. */
export async function untilIdle(pids: readonly number[], share: number): Promise<void> {
  let used = cpuSeconds(pids);
  for (let window = 1; window <= windowsMax; window++) {
    await delay(windowMs);
    const now = cpuSeconds(pids);
    if (now - used <= (share * pids.length * windowMs) / 1000) return;
    used = now;
  }
  throw new Error(`processes ${pids.join(', ')} are still busy after ${(windowMs * windowsMax) / 1000} s`);
}

function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + usageOf(pid).cpuSeconds, 0);
}
