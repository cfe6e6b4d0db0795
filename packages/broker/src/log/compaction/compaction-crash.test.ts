/**
 * Compaction killed, or cut off from power, after every so many bytes and changes of names that it makes on the disk.
 * Afterwards the log opens without complaint, holds the last record of each key and no record that was never there, and
 * compacting it again gives exactly what an undisturbed compaction gives.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import { compactOnce, type KeyedRecord, readKeyed } from '../../testing/compaction-fixture.ts';
import { CrashingDisk } from '../../testing/crashing-disk.ts';
import { LogFixture } from '../../testing/log-fixture.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const settings = {
  compact: true,
  deleteOld: false,
  dirtyRatioMin: 0,
  segmentBytes: 900,
  indexIntervalBytes: 200,
  tombstoneMs: 10,
};

async function open(disk: CrashingDisk, now: number): Promise<LogFixture> {
  const fixture = await LogFixture.open({ disk, settings });
  fixture.now = now;
  return fixture;
}

/** A closed log of several segments, some of which were compacted before. */
async function filled(seed: number): Promise<CrashingDisk> {
  const randomness = seededRandomness(seed);
  let disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, settings });
  for (let batch = 0; batch < 60; batch++) {
    const count = 1 + randomness.integer(4);
    const keys = Array.from({ length: count }, () => `k${randomness.integer(12)}`);
    const values = keys.map((key) => (randomness.integer(4) === 0 ? null : `${key}=${batch}`));
    await fixture.append({ keys, values, timestamps: fixture.now, producerId: batch % 3, baseSequence: batch * 4 });
    if (batch === 20 + randomness.integer(10)) await compactOnce(fixture);
    fixture.now += 1;
  }
  await fixture.close();
  disk = disk.afterKill();
  return disk;
}

/** Lets everything happen that waits for no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a reader makes of a log: the last value of each key. */
function tableOf(records: readonly KeyedRecord[]): Record<string, string> {
  const table = new Map<string, string>();
  for (const { key, value } of records) {
    if (value === null) table.delete(key ?? '');
    else table.set(key ?? '', value);
  }
  return Object.fromEntries([...table].sort());
}

for (const loss of ['kill', 'power'] as const) {
  test(`a compaction that a loss of ${loss === 'kill' ? 'the process' : 'power'} ends leaves a whole log`, async () => {
    const seeds = Math.ceil(2 * scale);
    for (let seed = 1; seed <= seeds; seed++) {
      const before = await filled(seed);
      const now = 2_000_000;
      const undisturbed = before.copy();
      const reference = await open(undisturbed, now);
      const all = await readKeyed(reference, 0);
      const known = new Map(all.map((record) => [record.offset, record]));
      const used = undisturbed.used;
      await compactOnce(reference);
      const expected = await readKeyed(reference, 0);
      const units = undisturbed.used - used;
      assert.ok(expected.length < all.length);
      for (let budget = 1; budget <= units; budget += 1 + (budget % 131)) {
        const disk = before.copy(budget);
        // Never ends, once the budget is used up.
        void open(disk, now).then((fixture) => compactOnce(fixture));
        await settle();
        const randomness = seededRandomness(seed * 100_000 + budget);
        const after = loss === 'kill' ? disk.afterKill() : disk.afterPowerLoss(randomness);
        const label = `seed ${seed}, after ${budget} units`;
        const fixture = await open(after, now);
        const found = await readKeyed(fixture, 0);
        for (const record of found) assert.deepEqual(record, known.get(record.offset), label);
        assert.deepEqual(tableOf(found), tableOf(all), label);
        assert.deepEqual(fixture.reports, [], label);
        const strays = after.paths().filter((path) => /cleaned$|swap$|tmp$/.test(path));
        assert.deepEqual(strays, [], label);
        await compactOnce(fixture);
        assert.deepEqual(await readKeyed(fixture, 0), expected, `${label}, compacted again`);
        const next = { keys: ['x'], values: ['y'], producerId: 59 % 3, baseSequence: 59 * 4 + 100 };
        assert.equal(fixture.check(next)?.kind, 'refused', `${label}: the producer's last number is known`);
      }
    }
  });
}
