/** Waits until a mirror has copied what its source holds; copies itself where no worker runs. */
import { sleep } from '@millrace/base';
import type { Admin, TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import type { JournalReader } from '../copy/journal-reader.ts';
import { hasMembers } from '../groups/group-sync.ts';
import type { Mirror } from '../mirror.ts';
import type { StandstillReason } from '../offset-map/standstill.ts';
import { workersGroupOf } from '../sharing/workers-group.ts';
import { FailoverError } from './failover-errors.ts';

const pauseMs = 250;

export interface DrainedPartition extends TopicPartition {
  /** Source offset behind which there is nothing. */
  readonly end: number;
}

export interface DrainOptions {
  readonly target: Cluster;
  readonly admin: Admin;
  readonly mirror: string;
  readonly journal: JournalReader;
  readonly partitions: readonly DrainedPartition[];
  /** Without progress for so long it is given up. */
  readonly stalledMs: number;
  readonly startWorker: () => Promise<Mirror>;
  readonly tell: (sentence: string) => void;
  readonly bounds: CallBounds;
}

interface BehindPartition extends DrainedPartition {
  readonly lag: number;
  /** Why it stands still, as far as that is known. */
  readonly stands: StandstillReason | undefined;
}

/** Rejects with `FailoverError` when nothing comes any more, and as the client and `startWorker` do. */
export async function drain(options: DrainOptions): Promise<void> {
  const { target, admin, mirror, journal, partitions, stalledMs, tell, bounds } = options;
  const { clock, timers } = target.settings.platform;
  let worker: Mirror | undefined;
  let left = Number.POSITIVE_INFINITY;
  let since = clock.monotonic();
  try {
    for (;;) {
      const behind = await behindOf(journal, partitions);
      const now = behind.reduce((sum, each) => sum + each.lag, 0);
      if (behind.length === 0) return;
      if (now < left) since = clock.monotonic();
      left = Math.min(left, now);
      if (clock.monotonic() - since > stalledMs) throw stalled(behind, stalledMs);
      if (worker === undefined && !(await hasMembers(admin, workersGroupOf(mirror), bounds.signal))) {
        tell(`no worker of mirror ${mirror} runs: this process copies what is left`);
        worker = await options.startWorker();
      }
      await sleep(timers, pauseMs, bounds.signal);
    }
  } finally {
    await worker?.close();
  }
}

/** How far the journals say that each partition is behind its end; those that are not are left out. */
async function behindOf(journal: JournalReader, partitions: readonly DrainedPartition[]): Promise<BehindPartition[]> {
  const behind: BehindPartition[] = [];
  const chunksOf = await journal.readAll();
  for (const place of partitions) {
    const newest = chunksOf(place).at(-1);
    const stands = newest?.standstill?.reason;
    // What was never copied is not known to begin anywhere.
    const lag = newest === undefined ? place.end + 1 : place.end - newest.confirmed.source;
    if (lag > 0) behind.push({ ...place, lag, stands });
  }
  return behind;
}

function stalled(behind: readonly BehindPartition[], stalledMs: number): FailoverError {
  const named = behind.slice(0, 5).map(({ topic, partition, lag, stands }) => {
    return `${topic} [${partition}] by ${lag}${stands === undefined ? '' : ` (stopped: ${stands})`}`;
  });
  const message =
    `the target is behind the source, and nothing came for ${stalledMs} ms: ${named.join(', ')} offsets; ` +
    'see what `mirror status` and the workers say, and begin again';
  return new FailoverError('failover_not_drained', message);
}
