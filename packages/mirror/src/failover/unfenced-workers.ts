/**
 * Workers that copy at least once: nobody can take what they write away from them, so that they are to end before a
 * mirror is failed over. One that neither is a member of the workers' group nor writes anything is not found; it stops
 * once it looks at the mirror's topics again.
 */
import { sleep } from '@millrace/base';
import { resolveOffsets } from '@millrace/client/protocol';
import { hasMembers } from '../groups/group-sync.ts';
import { sharingTimes } from '../sharing/sharing-times.ts';
import { workersGroupOf } from '../sharing/workers-group.ts';
import { FailoverError } from './failover-errors.ts';
import type { ChosenTopic, MirrorEnds } from './mirror-ends.ts';

const pauseMs = 250;

/** Those of the topics that are copied at least once: how far they came is what was written down last. */
export async function unfencedTopics<T extends ChosenTopic>(
  { journal }: MirrorEnds,
  topics: readonly T[],
): Promise<readonly T[]> {
  const unfenced = new Set(
    (await journal.newest()).filter(({ chunk }) => chunk.producerId < 0).map((each) => each.topic),
  );
  return topics.filter(({ topic }) => unfenced.has(topic));
}

/** Rejects with `FailoverError` when there are, and as the client does. */
export async function throwIfWorkersRun({ target, options, bounds }: MirrorEnds): Promise<void> {
  if (await hasMembers(target.admin, workersGroupOf(options.name), bounds.signal)) throw running(options.name);
}

/**
 * Resolves when in all of the time no worker was there, and nobody wrote to the topics on the target. Rejects likewise.
 */
export async function throwIfWorkersGoOn(
  ends: MirrorEnds,
  topics: readonly ChosenTopic[],
  withinMs = sharingTimes().sessionTimeoutMs,
): Promise<void> {
  const { clock, timers } = ends.target.cluster.settings.platform;
  const deadline = clock.monotonic() + withinMs;
  const before = await placesOf(ends, topics);
  do {
    await throwIfWorkersRun(ends);
    await sleep(timers, pauseMs, ends.bounds.signal);
  } while (clock.monotonic() < deadline);
  if ((await placesOf(ends, topics)) !== before) throw running(ends.options.name);
}

/** How far the topics are, by the journals and on the target. */
async function placesOf({ target, journal, bounds }: MirrorEnds, topics: readonly ChosenTopic[]): Promise<string> {
  const chunksOf = await journal.readAll();
  const copied = topics.flatMap(({ topic, targetTopic, partitions }) =>
    partitions.map((partition) => ({ topic, targetTopic, partition, newest: chunksOf({ topic, partition }).at(-1) })),
  );
  const begun = copied.filter(({ newest }) => newest !== undefined);
  const questions = begun.map(({ targetTopic: topic, partition }) => ({ topic, partition, at: 'latest' as const }));
  const found = await resolveOffsets(target.cluster, questions, bounds);
  return begun
    .map(({ newest }, index) => {
      const end = found[index];
      if (end?.error !== undefined) throw end.error;
      return `${newest?.confirmed.source} ${end?.value.offset}`;
    })
    .join();
}

function running(mirror: string): FailoverError {
  const message = `mirror ${mirror} copies at least once, so that its workers can't be kept from copying on`;
  return new FailoverError('failover_workers_run', `${message}: end them, and begin again`);
}
