import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { diskWith, endOf, firstSegment, readable } from '../testing/killed-log.ts';
import { buildBatch, LogFixture, someValues } from '../testing/log-fixture.ts';

const damagedFile = `${firstSegment}.damaged`;

async function cutTo(disk: CrashingDisk, size: number): Promise<void> {
  const file = await disk.open(firstSegment, { create: false });
  await file.truncate(size);
}

test('a tail torn at any byte is cut behind the last whole batch, and the producer goes on there', async () => {
  const batches = [['a', 'b'], ['c'], ['d', 'e', 'f'], ['g']];
  const whole = await diskWith(batches, 5);
  const ends = batches.map((_, count) => endOf(whole, count + 1));
  for (let size = 0; size <= whole.content(firstSegment).length; size++) {
    const disk = whole.copy();
    await cutTo(disk, size);
    const fixture = await LogFixture.open({ disk });
    const kept = batches.slice(0, ends.filter((end) => end <= size).length).flat();
    assert.deepEqual(await fixture.values(), kept, `cut at byte ${size}`);
    const isTorn = size > 0 && !ends.includes(size);
    assert.equal(fixture.reports.length, isTorn ? 1 : 0);
    if (isTorn) assert.match(fixture.reports.join(), /cut \d+ bytes of an unfinished write/);
    const next = { values: ['x'], producerId: 5, baseSequence: kept.length };
    if (kept.length > 0) assert.deepEqual(fixture.check(next), { kind: 'next' });
    assert.equal(await fixture.append(next), kept.length);
    assert.deepEqual(
      (await LogFixture.open({ disk: disk.afterKill() })).reports,
      [],
      'the second start finds it sound',
    );
  }
});

test('killed at any byte it writes, a log holds all that was acknowledged, and nothing that is not whole', async () => {
  const values = someValues(3, 30);
  const fill = async (disk: CrashingDisk, acknowledged: string[]): Promise<void> => {
    const fixture = await LogFixture.open({ disk, settings: { segmentBytes: 600, indexIntervalBytes: 100 } });
    for (const value of values) {
      await fixture.append({ values: [value] });
      acknowledged.push(value);
    }
    await fixture.close();
  };
  const untouched = new CrashingDisk();
  await fill(untouched, []);
  for (let budget = 1; budget < untouched.used; budget += 7) {
    const disk = new CrashingDisk(budget);
    const acknowledged: string[] = [];
    // Never ends, once the budget is used up.
    void fill(disk, acknowledged);
    await settle();
    const fixture = await LogFixture.open({ disk: disk.afterKill(), settings: { segmentBytes: 600 } });
    const found = await fixture.values();
    assert.deepEqual(found, values.slice(0, found.length), `killed after ${budget} bytes`);
    assert.ok(found.length >= acknowledged.length, `killed after ${budget} bytes`);
  }
});

/** Lets everything happen that waits for no time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('bytes that look like ever so many batches are searched with bounded effort', async () => {
  const disk = await diskWith([['a'], ['b']]);
  const end = disk.content(firstSegment).length;
  const head = Buffer.from(disk.content(firstSegment).subarray(0, 61));
  const hostile = Buffer.alloc(4_000_000);
  for (let at = 0; at + 61 <= hostile.length; at += 61) {
    head.writeBigInt64BE(BigInt(2 + at), 0);
    head.writeInt32BE(hostile.length - at - 12, 8);
    head.copy(hostile, at);
  }
  const file = await disk.open(firstSegment, { create: false });
  await file.write([hostile], end);
  const fixture = await LogFixture.open({ disk });
  assert.deepEqual(await fixture.values(), ['a', 'b']);
  assert.equal(disk.content(damagedFile).length, end + hostile.length, 'what could not be judged is kept aside');
});

test('a sector that power took is where the log ends, whatever lies behind', async () => {
  const values = someValues(9, 40, 100);
  const whole = await diskWith(values.map((value) => [value]));
  const disk = whole.copy();
  const content = Uint8Array.from(disk.content(firstSegment)).fill(0, 1024, 1536);
  await disk.writeFileAtomic(firstSegment, content, { sync: true });
  const fixture = await LogFixture.open({ disk });
  let kept = 0;
  while (endOf(whole, kept + 1) <= 1024) kept += 1;
  assert.deepEqual(await fixture.values(), values.slice(0, kept));
  assert.match(fixture.reports.join(), /cut \d+ bytes of an unfinished write/);
  assert.equal(disk.content(damagedFile).length, content.length, 'what was there is kept aside');
});

test('any file whatever can be opened, and then be appended to', async () => {
  const whole = await diskWith([['a'], ['b', 'c'], ['d']]);
  const bytes = [...whole.content(firstSegment)];
  const garbled = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) }), { maxLength: 6 }).map((changes) => {
      const changed = Uint8Array.from(bytes);
      for (const { at, value } of changes) changed[at] = value;
      return changed;
    }),
  );
  await fc.assert(
    fc.asyncProperty(garbled, async (content) => {
      const disk = new CrashingDisk();
      await disk.writeFileAtomic(firstSegment, content, { sync: true });
      const fixture = await LogFixture.open({ disk });
      const before = await readable(fixture);
      const offset = await fixture.append({ values: ['next'] });
      const again = await LogFixture.open({ disk: disk.afterKill() });
      assert.deepEqual(await readable(again), [...before, { offset, value: 'next' }]);
    }),
    { numRuns: 300 },
  );
});

test('a segment whose batches are larger than a read at recovery is found whole', async () => {
  const long = 'y'.repeat(5 * 1024 * 1024);
  const disk = new CrashingDisk();
  const file = await disk.open(firstSegment, { create: true });
  const batch = buildBatch({ values: [long] });
  await file.write([batch], 0);
  const fixture = await LogFixture.open({ disk });
  assert.equal(fixture.log.highWatermark, 1);
  assert.equal(fixture.log.sizeBytes, batch.length);
});

test('what is known of a producer outlives the segments that hold its batches', async () => {
  const disk = new CrashingDisk();
  const settings = { retentionMs: 1000, segmentBytes: 300 };
  const fixture = await LogFixture.open({ disk, settings });
  for (let sequence = 0; sequence < 8; sequence++) {
    const timestamps = fixture.now;
    await fixture.append({ values: ['0123456789'], timestamps, producerId: 5, baseSequence: sequence });
  }
  const [oldest] = fixture.log.segments;
  fixture.now += 5000;
  await fixture.log.retain();
  assert.notEqual(fixture.log.segments[0], oldest);
  assert.equal(fixture.log.startOffset, 8);
  const killed = await LogFixture.open({ disk: disk.afterKill(), settings });
  assert.equal(killed.check({ values: ['x'], producerId: 5, baseSequence: 9 })?.kind, 'refused');
  assert.deepEqual(killed.check({ values: ['x'], producerId: 5, baseSequence: 8 }), { kind: 'next' });
});
