/** Where the copies of a shard's partitions go on, or begin, once the shard is taken over. */
import { isMillraceError, type MillraceError } from '@millrace/base';
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import type { JournalChunk } from '../offset-map/journal-record.ts';
import { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import { type Standstill, standstillSince } from '../offset-map/standstill.ts';
import { mapOfChunks } from './chunk-map.ts';
import { type CopiedPartition, nameOf, targetOf } from './copied-partition.ts';
import { boundOf } from './log-scan.ts';
import { type Recovered, recoverPartition } from './recover-partition.ts';
import type { ResumeOptions } from './resume-options.ts';
import type { ResumePoint } from './resume-point.ts';
import type { JournalContent, NumberedChunk } from './shard-journal.ts';
import { StoredRecords } from './stored-records.ts';
import { lossFrom, TargetTruncatedError } from './target-truncation.ts';
import { isAnotherTopic } from './topic-identity.ts';

/** How many partitions are looked into at once. */
const recoveringMax = 16;
/** So long a leader may take to tell where its log ends, before the other partitions go on without it. */
const endMsMax = 2_000;
/** And so long to give what is read of its log. */
const lookMsMax = 10_000;

/** Where partitions go on. */
export interface Settled {
  readonly resumes: Map<CopiedPartition, ResumePoint>;
  /** Those that are not to be copied, by a policy. */
  readonly stopped: Map<CopiedPartition, Standstill>;
  /** Those of which that could not be found out. */
  readonly failed: Map<CopiedPartition, MillraceError>;
}

/** What a takeover knows of the places, once those of which the journal knows have its marker, or are to have it. */
export interface TakenOver {
  readonly identity: ProducerIdentity;
  readonly content: JournalContent;
  /** Where the logs of the target ended before, of those of which the journal knows; none where nobody is fenced. */
  readonly ends: ReadonlyMap<CopiedPartition, number>;
  /** Where a log of the target was seen to end that was longer, by `nameOf`. */
  readonly shortened?: ReadonlyMap<string, number> | undefined;
}

/** Where logs of the target end; each alone, so that none waits for another. Rejects when the bounds are aborted. */
export async function targetEnds(
  target: Cluster,
  places: readonly CopiedPartition[],
  bounds: CallBounds,
): Promise<{ readonly ends: Map<CopiedPartition, number>; readonly failed: Settled['failed'] }> {
  const ends = new Map<CopiedPartition, number>();
  const within = { ...bounds, timeoutMs: endMsMax };
  const failed = await eachAlone(places, bounds, async (place) => {
    ends.set(place, await boundOf(target, targetOf(place), 'latest', within));
  });
  return { ends, failed };
}

/** Where each of the places goes on. Rejects when the bounds are aborted, or the topics' limits can't be asked for. */
export async function resumePoints(
  options: ResumeOptions,
  places: readonly CopiedPartition[],
  taken: TakenOver,
  bounds: CallBounds,
): Promise<Settled> {
  const resumes = new Map<CopiedPartition, ResumePoint>();
  const stopped = new Map<CopiedPartition, Standstill>();
  const topics = places.map(({ targetTopic }) => targetTopic);
  const limits = topics.length === 0 ? undefined : await options.topicLimits?.(topics, bounds.signal);
  const failed = await eachAlone(places, bounds, async (place) => {
    const resume = await resumePoint(options, place, taken, { ...bounds, timeoutMs: lookMsMax });
    const routes = options.provenance.routesOf(place);
    if ('reason' in resume) stopped.set(place, resume);
    else resumes.set(place, { ...resume, ...limits?.get(place.targetTopic), routes });
  });
  return { resumes, stopped, failed };
}

/** Those of the places for which the work fails. Rejects when the bounds are aborted. */
async function eachAlone(
  places: readonly CopiedPartition[],
  { signal }: CallBounds,
  work: (place: CopiedPartition) => Promise<void>,
): Promise<Settled['failed']> {
  const failed = new Map<CopiedPartition, MillraceError>();
  const queue = [...places];
  const worker = async (): Promise<void> => {
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      try {
        await work(place);
      } catch (error) {
        if (signal?.aborted === true || !isMillraceError(error)) throw error;
        failed.set(place, error);
      }
    }
  };
  await Promise.all(Array.from({ length: recoveringMax }, worker));
  return failed;
}

async function resumePoint(
  options: ResumeOptions,
  place: CopiedPartition,
  { identity, content, ends, shortened }: TakenOver,
  bounds: CallBounds,
): Promise<ResumePoint | Standstill> {
  const { source, target, report, foreign } = options;
  const chunks = content.chunksOf(place);
  const isUnfenced = options.unfenced !== undefined;
  const { topic, partition, topicId, targetTopic } = place;
  if (chunks.length === 0) {
    const begin = await boundOf(source, { topic, partition }, place.begin, bounds);
    const end = await boundOf(target, targetOf(place), 'latest', bounds);
    const chunk = isUnfenced ? chunkNow(target) : 0;
    return { source: begin, target: end, map: new PartitionOffsetMap(), chunk, runs: [] };
  }
  const newest = (chunks.at(-1) as NumberedChunk).value;
  const isExpected = (producerId: number): boolean => foreign.isExpected(producerId, place);
  const recovered = await (isUnfenced
    ? afterCheckpoint(target, place, chunks, shortened?.get(nameOf(place)), bounds)
    : recoverPartition(target, targetOf(place), chunks, { identity, end: ends.get(place) ?? 0 }, bounds, isExpected)
  ).catch((error: unknown) => afterTruncation(options, place, newest, error));
  if ('reason' in recovered) return recovered;
  foreign.foundAtTakeover(place, recovered.foreignRecords);
  if (!isAnotherTopic(newest.topicId, topicId)) {
    const { losses, standstill } = newest;
    return { ...recovered, losses, standstill: isOfTakeover(standstill) ? undefined : standstill };
  }
  const isToStop = options.recreated !== 'continue';
  const message =
    `topic ${topic} was deleted on the source and made anew: partition ${partition} is ` +
    (isToStop ? 'not copied any more' : `copied from its start, behind what lies in ${targetTopic}`);
  report({ level: isToStop ? 'error' : 'warn', event: 'topic_recreated', message, topic, partition });
  if (isToStop) {
    const at = target.settings.platform.clock.now();
    const { source: from } = newest.confirmed;
    return standstillSince(newest.standstill, { reason: 'recreated', from, to: from, at });
  }
  const begin = await boundOf(source, { topic, partition }, 'earliest', bounds);
  return { source: begin, target: recovered.target, map: new PartitionOffsetMap(), chunk: recovered.chunk, runs: [] };
}

/** Whether what was in the way was found when a shard was taken over, as it would be again. */
function isOfTakeover(standstill: Standstill | undefined): boolean {
  return standstill?.reason === 'target-truncated' || standstill?.reason === 'recreated';
}

/** What a partition goes on with whose target has lost what was copied, or that it is to stop. */
function afterTruncation(
  { report, truncatedTarget, target }: ResumeOptions,
  place: CopiedPartition,
  { confirmed, standstill }: JournalChunk,
  truncated: unknown,
): Recovered | Standstill {
  if (!(truncated instanceof TargetTruncatedError)) throw truncated;
  const { topic, partition } = place;
  const { resume } = truncated;
  const isToStop = truncatedTarget !== 'continue';
  const advice = `to copy again from offset ${resume.source} of the source on, run it with --truncated-target continue`;
  const message = `${truncated.message}; the partition ${isToStop ? `stops: ${advice}` : 'is copied again from there'}`;
  report({ level: 'error', event: 'target_truncated', message, topic, partition, error: truncated });
  if (!isToStop) return { ...resume, foreignRecords: 0 };
  const at = target.settings.platform.clock.now();
  const to = Math.max(resume.source, confirmed.source);
  return standstillSince(standstill, { reason: 'target-truncated', from: resume.source, to, at });
}

/**
 * Behind the last checkpoint, and behind all that lies on the target. What the target has lost is seen by where its log
 * ends, or was seen to end.
 */
async function afterCheckpoint(
  target: Cluster,
  place: CopiedPartition,
  chunks: readonly NumberedChunk[],
  shortened: number | undefined,
  bounds: CallBounds,
): Promise<Recovered> {
  const { chunk, value } = chunks.at(-1) as NumberedChunk;
  const end = await boundOf(target, targetOf(place), 'latest', bounds);
  const from = Math.min(shortened ?? end, end);
  const { last = -1 } = new StoredRecords(chunks.map((each) => each.value));
  if (from <= last) throw lossFrom(targetOf(place), chunks, from, end);
  return {
    source: value.confirmed.source,
    target: end,
    map: mapOfChunks(chunks.map((each) => each.value)),
    chunk: Math.max(chunk + 1, chunkNow(target)),
    runs: [],
    closed: chunks.map((each) => ({ chunk: each.chunk, targetEnd: each.value.confirmed.target })),
    sourceEpochs: value.sourceEpochs,
    foreignRecords: 0,
  };
}

/**
 * A number for the chunks of an owner that can't fence the one before: far behind those that the other may still write,
 * so that neither overwrites what only the other knows.
 */
function chunkNow(target: Cluster): number {
  return target.settings.platform.clock.now();
}
