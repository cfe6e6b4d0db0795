/**
 * A log under random appends, compactions, restarts and lapses of time, against a plain list. What compaction may do to
 * the list: remove a record that has a later one of its key below where the log is compacted to, or a tombstone that
 * was kept for long enough. It must do the first of them, and never anything else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressions } from '@millrace/wire';
import fc from 'fast-check';
import { compactOnce, type KeyedRecord, readKeyed, readNext } from '../../testing/compaction-fixture.ts';
import { CrashingDisk } from '../../testing/crashing-disk.ts';
import { LogFixture } from '../../testing/log-fixture.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const tombstoneMs = 50;
const settings = {
  compact: true,
  deleteOld: false,
  dirtyRatioMin: 0,
  segmentBytes: 700,
  indexIntervalBytes: 150,
  tombstoneMs,
};

const record = fc.record({
  key: fc.integer({ min: 0, max: 7 }).map((key) => `k${key}`),
  value: fc.option(fc.string({ maxLength: 30 }), { freq: 3 }),
  age: fc.nat(20),
});
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ append: fc.array(record, { minLength: 1, maxLength: 8 }), codec: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ compactWith: fc.constantFrom(250, 500, 2 ** 16) }) },
  { weight: 1, arbitrary: fc.record({ restart: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ pass: fc.nat(2 * tombstoneMs) }) },
);

test('compaction keeps the last record of each key, at its offset, and nothing that it may remove', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), fc.nat(3000), async (steps, tailBytesMax) => {
      let disk = new CrashingDisk();
      let fixture = await LogFixture.open({ disk, settings, tailBytesMax });
      const appended: KeyedRecord[] = [];
      for (const each of steps) {
        if ('append' in each) {
          const timestamps = each.append.map(({ age }) => fixture.now - age);
          const compression = compressions[each.codec] ?? 'none';
          const [keys, values] = [each.append.map(({ key }) => key), each.append.map(({ value }) => value)];
          const first = await fixture.append({ keys, values, timestamps, compression });
          for (const [index, { key, value }] of each.append.entries()) {
            appended.push({ offset: first + index, timestamp: timestamps[index] as number, key, value });
          }
        } else if ('compactWith' in each) {
          const outcome = await compactOnce(fixture, { mapBytesMax: each.compactWith });
          if (outcome !== undefined) await checkCompacted(fixture, appended, outcome.compactedTo);
        } else if ('restart' in each) {
          const { now } = fixture;
          if (each.restart) await fixture.close();
          disk = disk.afterKill();
          fixture = await LogFixture.open({ disk, settings, tailBytesMax });
          fixture.now = now;
        } else fixture.now += each.pass;
        checkKept(fixture, appended, await readKeyed(fixture, 0, 300));
      }
      assert.deepEqual(fixture.reports, []);
    }),
    { numRuns: Math.ceil(60 * scale) },
  );
});

/** Nothing is there that was not appended so, and nothing is missing that no later record of its key makes void. */
function checkKept({ now }: LogFixture, appended: readonly KeyedRecord[], found: readonly KeyedRecord[]): void {
  const left = new Map(found.map((each) => [each.offset, each]));
  const lastOf = new Map(appended.map((each) => [each.key, each.offset]));
  assert.deepEqual(
    found,
    appended.filter(({ offset }) => left.has(offset)),
    'as appended, in order',
  );
  for (const { key, offset, value, timestamp } of appended) {
    if (left.has(offset) || lastOf.get(key) !== offset) continue;
    assert.ok(value === null && timestamp <= now - tombstoneMs, `the last record of ${key}, at ${offset}, is there`);
  }
}

/** Each key has one record below where the log is compacted to; reads inside gaps answer what comes next. */
async function checkCompacted(fixture: LogFixture, appended: readonly KeyedRecord[], to: number): Promise<void> {
  const found = await readKeyed(fixture, 0, 300);
  checkKept(fixture, appended, found);
  const below = found.filter(({ offset }) => offset < to);
  assert.equal(new Set(below.map(({ key }) => key)).size, below.length, `one record a key below ${to}`);
  for (let offset = 0; offset < fixture.log.highWatermark; offset++) {
    const next = await readNext(fixture, offset);
    assert.deepEqual(
      next,
      found.find((each) => each.offset >= offset),
    );
  }
}
