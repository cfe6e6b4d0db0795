/** Which records of a topic a sample is: offsets by partition, from what was asked for and what is there now. */
import type { SampleCopy } from '@millrace/api/fleet';
import { type Admin, type AdminCallOptions, unwrap } from '@millrace/client';

export type SampledTopic = SampleCopy['topics'][number];

/** Offsets of one partition: the first that is part of it, and the first that is not any more. */
export interface SampleRange {
  readonly partition: number;
  readonly from: number;
  readonly until: number;
}

const recordsDefault = 1_000;

/** By partition; those without a record are left out. */
export async function sampleRanges(
  admin: Admin,
  { topic, records, from, until }: SampledTopic,
  partitions: number,
  call: AdminCallOptions,
): Promise<SampleRange[]> {
  const at = async (time: 'earliest' | 'latest' | { readonly timestamp: number }): Promise<number[]> => {
    const queries = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, at: time }));
    return unwrap(await admin.listOffsets(queries, call)).map(({ offset }) => offset);
  };
  const timed = (time: string | undefined): Promise<number[]> | undefined =>
    time === undefined ? undefined : at({ timestamp: Date.parse(time) });
  const [starts, ends, firsts, lasts] = await Promise.all([at('earliest'), at('latest'), timed(from), timed(until)]);
  const limit = records ?? (from === undefined && until === undefined ? recordsDefault : undefined);
  const share = limit === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(limit / partitions);
  return ends.flatMap((end, partition) => {
    // No record is that young: -1.
    const [first = 0, last = end] = [firsts?.[partition], lasts?.[partition]].map((offset) =>
      offset === -1 ? end : offset,
    );
    const range = {
      partition,
      from: Math.max(starts[partition] ?? 0, first, last - share),
      until: Math.min(end, last),
    };
    return range.from < range.until ? [range] : [];
  });
}
