/** Reads and searches against the plain list of all records. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { LogFixture, type ReadRecord, recordsOf } from '../testing/log-fixture.ts';
import { SegmentIndex } from './segment-index.ts';
import { findByTimestamp, findMaxTimestamp } from './timestamp-search.ts';

const batches = fc.array(
  fc.array(fc.record({ length: fc.nat(300), timestamp: fc.integer({ min: 1, max: 40 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  { minLength: 1, maxLength: 30 },
);
const settings = fc.record({
  segmentBytes: fc.constantFrom(1500, 5000, 2 ** 30),
  indexIntervalBytes: fc.constantFrom(0, 100, 1000, 4096),
});

/** A log with these batches, and its records; opened again from its files if `restarted`. */
async function logWith(
  content: readonly (readonly { readonly length: number; readonly timestamp: number }[])[],
  chosen: { readonly segmentBytes: number; readonly indexIntervalBytes: number },
  tailBytesMax: number,
  restarted: boolean,
): Promise<{ fixture: LogFixture; records: ReadRecord[] }> {
  const disk = new CrashingDisk();
  let fixture = await LogFixture.open({ disk, settings: chosen, tailBytesMax });
  const records: ReadRecord[] = [];
  for (const batch of content) {
    const values = batch.map(({ length }) => 'v'.repeat(length));
    const timestamps = batch.map(({ timestamp }) => timestamp);
    await fixture.append({ values, timestamps });
    for (const [index, value] of values.entries()) {
      records.push({ offset: records.length, timestamp: timestamps[index] as number, value });
    }
  }
  if (restarted) {
    await fixture.close();
    fixture = await LogFixture.open({ disk, settings: chosen, tailBytesMax });
  }
  return { fixture, records };
}

test('a read at any offset and of any size gives whole batches from there on, and at least one if asked', async () => {
  await fc.assert(
    fc.asyncProperty(
      batches,
      settings,
      fc.constantFrom(0, 2000, 1_000_000),
      fc.boolean(),
      fc.integer({ min: 1, max: 6000 }),
      async (content, chosen, tailBytesMax, restarted, bytesMax) => {
        const { fixture, records } = await logWith(content, chosen, tailBytesMax, restarted);
        for (const { offset } of records) {
          const chunks = await fixture.log.read(offset, bytesMax, true);
          const found = recordsOf(chunks);
          assert.ok(found.length > 0, `nothing at offset ${offset}`);
          assert.ok((found[0] as ReadRecord).offset <= offset);
          assert.ok((found.at(-1) as ReadRecord).offset >= offset);
          assert.deepEqual(found, records.slice(found[0]?.offset, (found.at(-1) as ReadRecord).offset + 1));
          const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
          const bounded = recordsOf(await fixture.log.read(offset, bytesMax, false));
          if (size > bytesMax) assert.deepEqual(bounded, [], 'a single batch that is too large');
          else assert.deepEqual(bounded, found);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('the record found for a timestamp is the first that is not older, from the start of the log on', async () => {
  await fc.assert(
    fc.asyncProperty(batches, settings, fc.boolean(), fc.nat(30), async (content, chosen, restarted, start) => {
      const { fixture, records } = await logWith(content, chosen, 0, restarted);
      await fixture.log.advanceStart(Math.min(start, records.length - 1));
      const { startOffset } = fixture.log;
      for (let timestamp = 0; timestamp <= 42; timestamp++) {
        const due = records.find((record) => record.offset >= startOffset && record.timestamp >= timestamp);
        const found = await findByTimestamp(fixture.log, timestamp);
        assert.deepEqual(found, due && { offset: due.offset, timestamp: due.timestamp }, `timestamp ${timestamp}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('the record with the largest timestamp is the first of those', async () => {
  await fc.assert(
    fc.asyncProperty(batches, settings, fc.boolean(), async (content, chosen, restarted) => {
      const { fixture, records } = await logWith(content, chosen, 0, restarted);
      const largest = Math.max(...records.map(({ timestamp }) => timestamp));
      const due = records.find(({ timestamp }) => timestamp === largest) as ReadRecord;
      const found = await findMaxTimestamp(fixture.log);
      assert.deepEqual(found, { offset: due.offset, timestamp: due.timestamp });
    }),
    { numRuns: 60 },
  );
});

test('the record with the largest timestamp is found in a batch whose first records were deleted', async () => {
  const batch = [1, 7, 7, 7].map((timestamp) => ({ length: 1, timestamp }));
  const { fixture } = await logWith(
    [batch, [{ length: 1, timestamp: 2 }]],
    { segmentBytes: 1500, indexIntervalBytes: 0 },
    0,
    false,
  );
  await fixture.log.advanceStart(2);
  assert.deepEqual(await findMaxTimestamp(fixture.log), { offset: 2, timestamp: 7 });
});

test('an index gives the last entry at or before an offset, and for a timestamp one before which all are older', () => {
  const entries = fc.array(fc.record({ offset: fc.nat(50), bytes: fc.nat(500), timestamp: fc.nat(20) }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(entries, fc.nat(2 ** 40), fc.nat(40), (steps, baseOffset, keep) => {
      let index = new SegmentIndex(baseOffset);
      const added: { offset: number; position: number; before: number }[] = [];
      let [offset, position, before] = [baseOffset, 0, -1];
      for (const step of steps) {
        index.add(offset, position, before);
        added.push({ offset, position, before });
        offset += step.offset + 1;
        position += step.bytes + 61;
        before = Math.max(before, step.timestamp);
      }
      const cut = added[keep]?.position ?? position;
      index.truncate(cut);
      const kept = added.slice(0, keep);
      index = SegmentIndex.decode(baseOffset, Buffer.from(index.encode()));
      assert.equal(index.length, kept.length);
      for (let wanted = baseOffset; wanted <= offset; wanted++) {
        assert.equal(index.floor(wanted), kept.findLast((entry) => entry.offset <= wanted)?.position ?? 0);
      }
      for (let timestamp = 0; timestamp < 22; timestamp++) {
        assert.equal(
          index.offsetBefore(timestamp),
          kept.findLast((entry) => entry.before < timestamp)?.offset ?? baseOffset,
        );
      }
    }),
  );
});
