/** For tests: a log's first segment as a process leaves it that is killed, and what can be read of it after a start. */
import assert from 'node:assert/strict';
import { DamagedRecordsError } from '../log/damage.ts';
import { CrashingDisk } from './crashing-disk.ts';
import { LogFixture, logDirectory, recordsOf } from './log-fixture.ts';

export interface FoundRecord {
  readonly offset: number;
  readonly value: string;
}

export const firstSegment = `${logDirectory}/00000000000000000000.log`;

/** A disk with one segment that holds these batches, as a process leaves it that is killed. */
export async function diskWith(batches: readonly (readonly string[])[], producerId = -1): Promise<CrashingDisk> {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk });
  let baseSequence = producerId < 0 ? -1 : 0;
  for (const values of batches) {
    await fixture.append({ values, producerId, baseSequence });
    if (producerId >= 0) baseSequence += values.length;
  }
  return disk.afterKill();
}

/** Where the n-th batch of the first segment ends. */
export function endOf(disk: CrashingDisk, count: number): number {
  let end = 0;
  const bytes = Buffer.from(disk.content(firstSegment));
  for (let batch = 0; batch < count; batch++) end += 12 + bytes.readInt32BE(end + 8);
  return end;
}

/** What is read of a log of these batches, if all can be. */
export function records(batches: readonly (readonly string[])[]): FoundRecord[] {
  return batches.flat().map((value, offset) => ({ offset, value }));
}

/** All records that can be read, going on behind what is damaged. */
export async function readable({ log }: LogFixture): Promise<FoundRecord[]> {
  const found: FoundRecord[] = [];
  for (let next = log.startOffset; next < log.highWatermark; ) {
    try {
      const read = recordsOf(await log.read(next, 1000, true)).filter(({ offset }) => offset >= next);
      assert.ok(read.length > 0, `something is read at ${next}`);
      for (const { offset, value } of read) found.push({ offset, value });
      next = (read.at(-1)?.offset ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof DamagedRecordsError)) throw error;
      assert.ok(error.nextOffset > next);
      next = error.nextOffset;
    }
  }
  return found;
}
