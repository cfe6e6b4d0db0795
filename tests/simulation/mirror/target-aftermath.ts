/**
 * What happens to the target of a mirror when all is over: it loses power, and with it ends of the logs that were
 * copied; its other logs are whole. Workers come and go, which stop what lost something; in the end one copies it
 * again. Each of them must tell what is lost, and nothing else; what lost nothing goes on, and in the end the target
 * holds each record of the source once, in order.
 */
import { sleep } from '@millrace/base';
import type { ActorHome } from '../oracle/actor.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import { startsWith, writeMore } from './aftermath.ts';
import type { SimMirrorWorker } from './mirror-worker.ts';
import { type BothSides, readBothSides } from './mirrored-partition.ts';

export interface TargetAftermathOptions {
  readonly partitions: readonly { readonly topic: string; readonly index: number }[];
  readonly target: SimCluster;
  readonly home: (name: string, side?: 'target') => ActorHome;
  /** A worker that begins when it is started; with the policy that what is lost is copied again, or stops. */
  readonly worker: (policy: 'stop' | 'continue') => SimMirrorWorker;
  /** How many workers come before the one that copies what is lost again. */
  readonly takeovers: number;
  /** Adds to what the seed covered. */
  readonly cover: (what: string) => void;
}

/** So long nothing more may come to a partition that stopped. */
const settledMs = 3000;

/** Resolves when all is as it must be; throws `InvariantViolation`, or goes on for ever when that never comes. */
export async function targetAftermath(options: TargetAftermathOptions): Promise<void> {
  const { partitions, target, takeovers, cover } = options;
  const homes = [options.home('aftermath'), options.home('aftermath of the target', 'target')] as const;
  const look = (topic: string, index: number): Promise<BothSides> => readBothSides(topic, index, ...homes, 0);
  const before = new Map<string, BothSides>();
  for (const { topic, index } of partitions) before.set(`${topic}/${index}`, await look(topic, index));
  target.loseEnds(partitions.map(({ topic }) => topic));
  await writeMore(options, 'late');
  for (let round = 0; round <= takeovers; round++) {
    const isLast = round === takeovers;
    const worker = options.worker(isLast ? 'continue' : 'stop');
    worker.start();
    const isDone = async (): Promise<boolean> => {
      let done = true;
      for (const { topic, index } of partitions) {
        const had = before.get(`${topic}/${index}`) as BothSides;
        const isTold = !isLast && worker.hasTold('target_truncated', topic, index);
        const now = await look(topic, index);
        done = (isTold ? isStopped : isCopied)(`${topic}/${index}`, had, now) && done;
        if (isTold && !worker.isStanding('target-truncated', topic, index)) done = false;
        if (isTold && done) cover('losses of the target told');
      }
      return done;
    };
    const pause = (ms: number): Promise<void> => sleep(homes[0].platform.timers, ms);
    while (!(await isDone())) await pause(100);
    await pause(settledMs);
    if (!(await isDone())) throw new InvariantViolation(`takeover ${round}: what was judged does not stay`);
    await worker.stop();
  }
}

function isStopped(place: string, before: BothSides, now: BothSides): boolean {
  if (!startsWith(before.target, now.target)) {
    throw new InvariantViolation(`${place} is told to be truncated, and is copied all the same`);
  }
  if (now.target.length >= before.target.length) throw new InvariantViolation(`${place} is told to have lost nothing`);
  return true;
}

function isCopied(place: string, _: BothSides, now: BothSides): boolean {
  if (!startsWith(now.source, now.target)) {
    throw new InvariantViolation(`${place} lost copied records on the target, and is copied all the same`);
  }
  return now.source.length === now.target.length;
}
