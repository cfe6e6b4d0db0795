/**
 * What happens to the source of a mirror when all is over: it loses power, and with it ends of its logs, or records are
 * deleted that were not copied. New ones are written, a worker begins, and what it makes of it is judged: nothing that
 * is missing or differs may go without being told, nothing else may be told, and all other records must be copied.
 */
import { sleep } from '@millrace/base';
import { unwrap } from '@millrace/client';
import type { MirrorEvent } from '@millrace/mirror';
import type { ActorHome, KnownPartition } from '../oracle/actor.ts';
import { InvariantViolation, PartitionHistory } from '../oracle/history.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { SimMirrorWorker } from './mirror-worker.ts';
import { withAdmin } from './mirrored-groups.ts';
import { type BothSides, readBothSides } from './mirrored-partition.ts';
import { SourceWriter } from './source-writer.ts';

export type AftermathKind = 'nothing' | 'power loss' | 'records deleted' | 'target loses power';

export interface AftermathOptions {
  readonly kind: Exclude<AftermathKind, 'nothing' | 'target loses power'>;
  readonly partitions: readonly { readonly topic: string; readonly index: number }[];
  readonly source: SimCluster;
  readonly home: (name: string, side?: 'target') => ActorHome;
  /** A worker that begins when it is started. */
  readonly worker: SimMirrorWorker;
  /** Adds to what the seed covered. */
  readonly cover: (what: string) => void;
}

interface Watched {
  readonly topic: string;
  readonly index: number;
  /** When nothing had happened yet. */
  readonly before: BothSides;
  /** Of what is left, before anything new is written. */
  left: BothSides;
  deletedTo: number;
}

/** What losses are told as. */
export const lossAlarms: ReadonlySet<MirrorEvent['event']> = new Set([
  'records_lost',
  'source_truncated',
  'target_truncated',
]);

const plan = { records: 30, valueBytesMax: 200, compression: 'none', isDense: false, lingerMs: 0, pauseMs: 1 } as const;
/** So long nothing more may come to a partition that stopped. */
const settledMs = 3000;

/** Resolves when all is as it must be; throws `InvariantViolation`, or goes on for ever when that never comes. */
export async function aftermath(options: AftermathOptions): Promise<void> {
  const { kind, partitions, source, home, worker } = options;
  const judge = home('aftermath');
  const target = home('aftermath of the target', 'target');
  const look = (topic: string, index: number, from = 0): Promise<BothSides> =>
    readBothSides(topic, index, judge, target, from);
  if (kind === 'records deleted') await writeMore(options, 'late');
  const watched: Watched[] = [];
  for (const { topic, index } of partitions) {
    const before = await look(topic, index);
    watched.push({ topic, index, before, left: before, deletedTo: 0 });
  }
  if (kind === 'records deleted') await deleteSome(judge, watched);
  else {
    source.losePower();
    for (const each of watched) each.left = await look(each.topic, each.index);
    await writeMore(options, 'late');
  }
  worker.start();
  for (const each of watched) {
    while (!isDone(each, await look(each.topic, each.index, each.deletedTo), options)) {
      await sleep(judge.platform.timers, 100);
    }
  }
  await sleep(judge.platform.timers, settledMs);
  for (const each of watched) {
    const now = await look(each.topic, each.index, each.deletedTo);
    if (!isDone(each, now, options)) violation(each, 'does not stay as it was judged');
  }
}

/** Writes records to all partitions. */
export async function writeMore(
  { home, partitions }: Pick<AftermathOptions, 'home' | 'partitions'>,
  name: string,
): Promise<void> {
  const writer = home(name);
  const known = partitions.map(({ topic, index }): KnownPartition => {
    return { topic, topicId: '', index, leader: -1, history: new PartitionHistory(`${topic}/${index}`, writer.fail) };
  });
  await new SourceWriter(writer, plan, known).done;
}

async function deleteSome(home: ActorHome, watched: readonly Watched[]): Promise<void> {
  const { randomness } = home;
  for (const each of watched) {
    if (randomness.integer(3) === 0) continue;
    const { source, target, sourceEnd } = each.before;
    each.deletedTo = Math.max(0, sourceEnd - randomness.integer(source.length - target.length + 3));
    const places = [{ topic: each.topic, partition: each.index, offset: each.deletedTo }];
    await withAdmin(home, async (admin) => void unwrap(await admin.deleteRecords(places)));
  }
}

/** Whether a partition is as it must be in the end; throws when it can't become that any more. */
function isDone(each: Watched, now: BothSides, options: AftermathOptions): boolean {
  const isTold = options.worker.hasTold(
    options.kind === 'power loss' ? 'source_truncated' : 'records_lost',
    each.topic,
    each.index,
  );
  return options.kind === 'power loss' ? isTrue(each, now, isTold, options) : isWhole(each, now, isTold, options);
}

/** After a loss of power. */
function isTrue(each: Watched, now: BothSides, isTold: boolean, { cover, worker }: AftermathOptions): boolean {
  const { before, left } = each;
  if (isTold) {
    if (left.sourceEnd >= before.sourceEnd) violation(each, 'lost nothing, and is told to have');
    if (textOf(now.target) !== textOf(before.target)) violation(each, 'is told to be truncated, and is copied');
    if (!worker.isStanding('source-truncated', each.topic, each.index)) return false;
    cover('truncations told');
    return true;
  }
  // What was copied and is lost can't become equal again.
  if (!startsWith(now.source, now.target)) {
    if (textOf(now.target) !== textOf(before.target))
      violation(each, 'lost copied records, and is copied all the same');
    return false;
  }
  return now.source.length === now.target.length;
}

/** After records were deleted. */
function isWhole(each: Watched, now: BothSides, isTold: boolean, { cover }: AftermathOptions): boolean {
  const { before, deletedTo } = each;
  const fresh = before.source.slice(before.target.length);
  const due = [...before.target, ...fresh.filter(({ offset }) => offset >= deletedTo)];
  if (!startsWith(due, now.target)) violation(each, `holds other records than it must, deleted up to ${deletedTo}`);
  if (due.length !== now.target.length) return false;
  const isLost = fresh.some(({ offset }) => offset < deletedTo);
  if (isLost) cover('losses told');
  return !isLost || isTold;
}

/** Whether the one begins with all of the other. */
export function startsWith(
  whole: readonly { readonly content: string }[],
  part: readonly { readonly content: string }[],
) {
  return part.length <= whole.length && part.every(({ content }, place) => content === whole[place]?.content);
}

function textOf(records: readonly { readonly content: string }[]): string {
  return records.map(({ content }) => content).join('\n');
}

function violation({ topic, index }: Watched, what: string): never {
  throw new InvariantViolation(`${topic}/${index} ${what}`);
}
