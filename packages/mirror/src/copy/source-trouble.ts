/**
 * What becomes of a partition that can't be copied from where it stands: records are gone from the source, are damaged
 * there, or can't be written to the target. Nothing is passed over without being told.
 */
import { isMillraceError, type MillraceError, messageOf } from '@millrace/base';
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { errorCodes, KafkaError } from '@millrace/wire';
import { RecordTimeError } from '../batches/record-times.ts';
import { RecordTooLargeError } from '../batches/record-too-large-error.ts';
import type { MirrorReport } from '../mirror-event.ts';
import type { LostRange } from '../offset-map/losses.ts';
import type { Standstill } from '../offset-map/standstill.ts';
import { boundOf } from './log-scan.ts';
import { divergenceOf, endOfEpoch, isLogOf } from './source-divergence.ts';
import type { SourceEpochs } from './source-epochs.ts';
import { SourceTruncatedError } from './source-truncated-error.ts';

export interface TroublePolicies {
  /**
   * What becomes of a partition whose next records the source has deleted before they were copied: the copy goes on
   * with what there is, or stops. Default `continue`.
   */
  readonly lostRecords?: 'continue' | 'stop' | undefined;
  /**
   * What becomes of a record that is larger than the target takes: it is left out, or its partition stops. Default
   * `stop`.
   */
  readonly largeRecords?: 'skip' | 'stop' | undefined;
  /**
   * What becomes of records whose times the target's topic refuses (`message.timestamp.before.max.ms` and `after`):
   * they are left out, or their partition stops. Topics that the mirror makes take all times. Default `stop`.
   */
  readonly invalidTimes?: 'skip' | 'stop' | undefined;
}

/** A copy that can't go on. */
export interface TroubledCopy extends TopicPartition {
  readonly position: number;
  readonly sourceEpochs: SourceEpochs;
}

/** Go on at a source offset, without what is lost, or stand still and try again later, which may find it gone. */
export type Verdict =
  | { readonly goOnAt: number; readonly lost?: LostRange | undefined }
  | { readonly standstill: Standstill };

/**
 * Decides by the policies, and tells. Rejects with `KafkaError`, or a retriable error, when the source can't be asked.
 */
export async function judgeTrouble(
  source: Cluster,
  copy: TroubledCopy,
  error: MillraceError,
  policies: TroublePolicies,
  report: MirrorReport,
  bounds: CallBounds,
): Promise<Verdict> {
  const { topic, partition, position } = copy;
  const place = `${topic} [${partition}]`;
  const at = source.settings.platform.clock.now();
  if (error instanceof SourceTruncatedError) {
    return truncated(copy, await divergenceOf(source, copy, error.end, bounds), error, report, at);
  }
  if (isOutOfRange(error)) {
    const first = await boundOf(source, { topic, partition }, 'earliest', bounds);
    if (first > position) {
      const goesOn = policies.lostRecords !== 'stop';
      const lost = `the source deleted offsets ${position} to ${first - 1} of ${place} before they were copied`;
      const message = `${lost}; ${goesOn ? `the copy goes on at ${first}` : 'the partition stops'}`;
      report({ level: 'error', event: 'records_lost', message, topic, partition, error });
      return passedOver(goesOn, { from: position, to: first, reason: 'deleted', at });
    }
    const end = await boundOf(source, { topic, partition }, 'latest', bounds);
    const { last } = copy.sourceEpochs;
    const told = await endOfEpoch(source, copy, last, bounds);
    if (last < 0 ? end >= position : isLogOf(told, last, position)) return { goOnAt: position };
    const differs = told === undefined ? end : await divergenceOf(source, copy, told, bounds);
    return truncated(copy, Math.min(differs, end), error, report, at);
  }
  if (error instanceof RecordTooLargeError) {
    const skips = policies.largeRecords === 'skip';
    const message = `${place}: ${error.message}; ${skips ? 'it is left out' : 'the partition stops'}`;
    report({ level: 'error', event: 'record_too_large', message, topic, partition, error });
    return passedOver(skips, { from: error.offset, to: error.offset + 1, reason: 'too-large', at });
  }
  if (error instanceof RecordTimeError) {
    const skips = policies.invalidTimes === 'skip';
    const message = `${place}: ${error.message}; ${skips ? 'they are left out' : 'the partition stops'}`;
    report({ level: 'error', event: 'invalid_time', message, topic, partition, error });
    return passedOver(skips, { from: error.offset, to: error.end, reason: 'invalid-time', at });
  }
  const message = `${place} can't be copied from offset ${position} on: ${messageOf(error)}; it is tried again`;
  report({ level: 'error', event: 'partition_failed', message, topic, partition, error });
  return { standstill: { reason: 'unreadable', from: position, to: position, at } };
}

/** What a policy is about: `goesOn` without it, or not. */
function passedOver(goesOn: boolean, range: LostRange): Verdict {
  return goesOn ? { goOnAt: range.to, lost: range } : { standstill: range };
}

function truncated(
  { topic, partition, position }: TroubledCopy,
  differs: number,
  error: MillraceError,
  report: MirrorReport,
  at: number,
): Verdict {
  const message =
    `${topic} [${partition}] was copied up to offset ${position}, and from offset ${differs} on the source has lost ` +
    'the records that were copied, as by an unclean election or a loss of power, and has others there or none; the ' +
    'partition stops. What the source lost is still on the target: save from there what matters; to copy the topic ' +
    'as it is now, delete it on the target and start a mirror of another name';
  report({ level: 'error', event: 'source_truncated', message, topic, partition, error });
  return { standstill: { reason: 'source-truncated', from: differs, to: position, at } };
}

function isOutOfRange(error: unknown): boolean {
  return isMillraceError(error) && error instanceof KafkaError && error.errorCode === errorCodes.OFFSET_OUT_OF_RANGE;
}
