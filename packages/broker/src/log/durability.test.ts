import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { LogFixture, someValues } from '../testing/log-fixture.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

/** Lets everything happen that waits for no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('where every write is synced, no loss of power takes what was acknowledged', async () => {
  const settings = { segmentBytes: 600, indexIntervalBytes: 100 };
  const values = someValues(5, 40);
  const fill = async (disk: CrashingDisk, acknowledged: string[]): Promise<void> => {
    const fixture = await LogFixture.open({ disk, settings, durable: true });
    for (let index = 0; index < values.length; index += 4) {
      const together = values.slice(index, index + 4);
      const begun = together.map((value) => fixture.begin({ values: [value] }));
      await Promise.all(begun.map(({ written }) => written));
      acknowledged.push(...together);
    }
  };
  const untouched = new CrashingDisk();
  await fill(untouched, []);
  for (let seed = 1; seed <= Math.ceil(3 * scale); seed++) {
    for (let budget = seed; budget < untouched.used; budget += 41) {
      const disk = new CrashingDisk(budget);
      const acknowledged: string[] = [];
      // Never ends, once the budget is used up.
      void fill(disk, acknowledged);
      await settle();
      const after = disk.afterPowerLoss(seededRandomness(seed * 100_000 + budget));
      const found = await (await LogFixture.open({ disk: after, settings })).values();
      assert.deepEqual(found, values.slice(0, found.length), `seed ${seed}, ${budget} bytes`);
      assert.ok(found.length >= acknowledged.length, `seed ${seed}, ${budget} bytes: ${found.length} records are left`);
    }
  }
});

test('a file that the last process made, and whose name it did not sync, survives with its first record', async () => {
  const disk = new CrashingDisk();
  const first = await LogFixture.open({ disk, durable: true });
  disk.onOperation = (operation) => operation === 'write';
  await assert.rejects(first.append({ values: ['never'] }), { code: 'disk_full' });
  disk.onOperation = undefined;
  const fixture = await LogFixture.open({ disk, durable: true });
  await fixture.append({ values: ['a'] });
  for (let seed = 1; seed <= 20; seed++) {
    const restarted = await LogFixture.open({ disk: disk.afterPowerLoss(seededRandomness(seed)) });
    assert.deepEqual(await restarted.values(), ['a'], `seed ${seed}`);
  }
});

test('acks=1 is answered after the write, acks=all and readers wait for the sync', async () => {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, durable: true });
  const release = disk.holdSyncs();
  const { stored, written } = fixture.begin({ values: ['a'] });
  assert.deepEqual(await stored, { writtenTo: 1 });
  assert.equal(fixture.log.highWatermark, 0);
  assert.equal(await Promise.race([written, 'waiting']), 'waiting');
  release();
  assert.deepEqual(await written, { writtenTo: 1 });
  assert.deepEqual(await fixture.values(), ['a']);
});

test('one sync covers all batches that waited for it', async () => {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, durable: true });
  const release = disk.holdSyncs();
  const begun = [fixture.begin({ values: ['first'] })];
  await begun[0]?.stored;
  for (let index = 0; index < 50; index++) {
    begun.push(fixture.begin({ values: [`${index}`] }));
    await settle();
  }
  release();
  await Promise.all(begun.map(({ written }) => written));
  assert.equal(disk.syncs, 2);
  assert.equal(fixture.log.highWatermark, 51);
});

test('after a sync that failed, what was written before it survives a loss of power all the same', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const disk = new CrashingDisk();
    const settings = { flushMs: 0 };
    const fixture = await LogFixture.open({ disk, settings });
    await fixture.append({ values: ['before'] });
    await fixture.log.flushOld();
    await fixture.append({ values: ['a', 'b'] });
    disk.failing.push('sync');
    await assert.rejects(fixture.log.flushOld(), { code: 'disk_full' });
    if (seed % 2 === 0) await fixture.append({ values: ['c'] });
    await fixture.log.flushOld();
    assert.match(fixture.reports.join(), /was written anew/);
    const expected = await fixture.values();
    const restarted = await LogFixture.open({ disk: disk.afterPowerLoss(seededRandomness(seed)), settings });
    assert.deepEqual(await restarted.values(), expected);
  }
});

test('a batch whose sync failed is not there, and the next one survives', async () => {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, durable: true });
  await fixture.append({ values: ['a'] });
  disk.failing.push('sync');
  await assert.rejects(fixture.append({ values: ['b'] }), { code: 'disk_full' });
  assert.deepEqual(await fixture.values(), ['a']);
  assert.equal(await fixture.append({ values: ['c'] }), 1);
  const restarted = await LogFixture.open({ disk: disk.afterPowerLoss(seededRandomness(1)) });
  assert.deepEqual(await restarted.values(), ['a', 'c']);
});

test('as long as the disk can sync nothing, nothing is taken, and readers go on', async () => {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, durable: true });
  await fixture.append({ values: ['a'] });
  disk.onOperation = (operation) => operation === 'sync';
  for (let attempt = 0; attempt < 3; attempt++) {
    await assert.rejects(fixture.append({ values: ['b'] }), { code: 'disk_full' });
    assert.deepEqual(await fixture.values(), ['a']);
  }
  disk.onOperation = undefined;
  assert.equal(await fixture.append({ values: ['c'] }), 1);
  assert.deepEqual(await fixture.values(), ['a', 'c']);
});
