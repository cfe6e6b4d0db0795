import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMillraceError, nodeDisk } from '@millrace/base';
import { batchHeader, errorCodes } from '@millrace/wire';
import fc from 'fast-check';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { buildBatch, LogFixture, logDirectory, recordsOf, smallBatchBytes } from '../testing/log-fixture.ts';

const small = { values: ['0123456789'] };

test('on a real disk: offsets are dense over segments and restarts, files appear with the first append', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-log-'));
  try {
    const options = { disk: nodeDisk, directory: join(directory, 'topic', '0'), settings: { segmentBytes: 500 } };
    let fixture = await LogFixture.open(options);
    assert.deepEqual(await readdir(directory), [], 'an empty log has no files');
    const expected: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 20; index++) {
        const values = [`${round}-${index}-a`, `${round}-${index}-b`];
        assert.equal(await fixture.append({ values }), expected.length);
        expected.push(...values);
      }
      assert.deepEqual(await fixture.values(), expected);
      await fixture.close();
      fixture = await LogFixture.open(options);
      assert.equal(fixture.log.highWatermark, expected.length);
      assert.deepEqual(await fixture.values(), expected);
      assert.deepEqual(fixture.reports, []);
    }
    await fixture.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('what is appended in one turn goes out in one write, and is readable only then', async () => {
  const disk = new CrashingDisk();
  const release = disk.holdWrites();
  const fixture = await LogFixture.open({ disk, tailBytesMax: 10_000 });
  const appends = [fixture.begin(small), fixture.begin({ values: ['a', 'b'] }), fixture.begin(small)];
  assert.deepEqual(
    appends.map(({ baseOffset }) => baseOffset),
    [0, 1, 3],
  );
  assert.equal(fixture.log.endOffset, 4);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fixture.log.highWatermark, 0);
  assert.deepEqual(await fixture.log.read(0, 1000, true), []);
  release();
  assert.deepEqual(await Promise.all(appends.map(({ written }) => written)), [
    { writtenTo: 4 },
    { writtenTo: 4 },
    { writtenTo: 4 },
  ]);
  assert.equal(recordsOf(await fixture.log.read(0, 1000, true)).length, 4);
});

test('a segment ends at its size, and a batch is never split', async () => {
  const settings = { segmentBytes: 3 * smallBatchBytes };
  const fixture = await LogFixture.open({ disk: new CrashingDisk(), settings });
  const appends = Array.from({ length: 10 }, () => fixture.begin(small));
  await Promise.all(appends.map(({ written }) => written));
  assert.deepEqual(
    fixture.log.segments.map(({ baseOffset }) => baseOffset),
    [0, 3, 6, 9],
  );
});

test('a segment ends when a batch is so much newer than its first one', async () => {
  const fixture = await LogFixture.open({ disk: new CrashingDisk(), settings: { segmentMs: 1000 } });
  for (const timestamps of [5000, 4000, 6000, 6001, 7001, 7002]) await fixture.append({ ...small, timestamps });
  assert.deepEqual(
    fixture.log.segments.map(({ baseOffset }) => baseOffset),
    [0, 3, 5],
  );
});

test('a segment ends before its offsets outgrow what its index can hold', async () => {
  const disk = new CrashingDisk();
  const far = buildBatch(small);
  batchHeader.setBaseOffset(far, 0, 2 ** 31 - 2);
  const file = await disk.open(`${logDirectory}/00000000000000000000.log`, { create: true });
  await file.write([far], 0);
  const fixture = await LogFixture.open({ disk });
  assert.equal(await fixture.append(small), 2 ** 31 - 1);
  assert.equal(await fixture.append(small), 2 ** 31);
  assert.deepEqual(
    fixture.log.segments.map(({ baseOffset }) => baseOffset),
    [0, 2 ** 31],
  );
  assert.equal((await fixture.read(2 ** 31 - 2)).length, 3);
});

test('retention by size keeps as many whole segments as cover it, and the start moves with them', async () => {
  const settings = { segmentBytes: 2 * smallBatchBytes, retentionBytes: 5 * smallBatchBytes };
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, settings });
  for (let index = 0; index < 11; index++) await fixture.append(small);
  await fixture.log.retain();
  assert.equal(fixture.log.startOffset, 6);
  assert.equal(fixture.log.sizeBytes, 5 * smallBatchBytes);
  assert.deepEqual(
    (await fixture.read()).map(({ offset }) => offset),
    [6, 7, 8, 9, 10],
  );
  assert.equal((await LogFixture.open({ disk: disk.afterKill(), settings })).log.startOffset, 6);
});

test('retention by time deletes what is wholly older, the active segment too, and offsets go on', async () => {
  const settings = { segmentBytes: 2 * smallBatchBytes, retentionMs: 1000 };
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, settings });
  for (const timestamps of [1000, 5000, 2000, 2500, 6000, 2000]) await fixture.append({ ...small, timestamps });
  fixture.now = 6000;
  await fixture.log.retain();
  assert.equal(
    fixture.log.startOffset,
    0,
    'the first segment holds a record that is not too old, and shields the second',
  );
  fixture.now = 6001;
  await fixture.log.retain();
  assert.equal(fixture.log.startOffset, 4);
  fixture.now = 7001;
  await fixture.log.retain();
  assert.equal(fixture.log.startOffset, 6);
  assert.equal(fixture.log.highWatermark, 6);
  const again = await LogFixture.open({ disk: disk.afterKill(), settings });
  assert.equal(again.log.startOffset, 6);
  assert.equal(await again.append(small), 6);
});

test('retention on a full disk never loses where the log ends', async () => {
  const settings = { segmentBytes: 2 * smallBatchBytes, retentionMs: 1000 };
  for (let allowed = 0; allowed < 4; allowed++) {
    const disk = new CrashingDisk();
    const fixture = await LogFixture.open({ disk, settings });
    for (let index = 0; index < 5; index++) await fixture.append({ ...small, timestamps: 1000 });
    fixture.now = 3000;
    const open = disk.open.bind(disk);
    let opened = 0;
    disk.open = (path, options) => {
      if (options.create && opened++ >= allowed) disk.failing.push('open');
      return open(path, options);
    };
    await fixture.log.retain().catch((error: unknown) => assert.ok(isMillraceError(error, 'disk_full')));
    await fixture.log.retain().catch((error: unknown) => assert.ok(isMillraceError(error, 'disk_full')));
    const again = await LogFixture.open({ disk: disk.afterKill(), settings });
    assert.equal(again.log.highWatermark, 5, `with ${allowed} files more`);
  }
});

test('readers are never led past a segment that retention deletes', async () => {
  const settings = { segmentBytes: 2 * smallBatchBytes, retentionBytes: 0 };
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, settings });
  for (let index = 0; index < 8; index++) await fixture.append(small);
  const { remove } = disk;
  let looks = 0;
  disk.remove = async (path) => {
    looks += 1;
    const start = fixture.log.startOffset;
    const [first] = recordsOf(await fixture.log.read(start, 1, true));
    assert.equal(first?.offset, start);
    await remove.call(disk, path);
  };
  await fixture.log.retain();
  assert.ok(looks > 0);
  assert.equal(fixture.log.startOffset, 6);
});

test('a deletion of records moves the start to any offset, for good', async () => {
  const settings = { segmentBytes: 2 * smallBatchBytes };
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk, settings });
  for (let index = 0; index < 6; index++) await fixture.append({ values: ['a', 'b'] });
  await fixture.log.advanceStart(5);
  assert.deepEqual(
    (await fixture.read()).map(({ offset }) => offset),
    [5, 6, 7, 8, 9, 10, 11],
  );
  await fixture.log.advanceStart(3);
  assert.equal(fixture.log.startOffset, 5, 'never back');
  await fixture.log.advanceStart(100);
  assert.equal(fixture.log.startOffset, 12, 'never beyond the high watermark');
  const again = await LogFixture.open({ disk: disk.afterKill(), settings, startOffset: 12 });
  assert.equal(again.log.startOffset, 12);
  assert.equal(await again.append(small), 12);
});

test('whatever fails, what was answered is there, what was refused is not, and the log goes on', async () => {
  const operation = fc.constantFrom<CrashingDisk['failing'][number]>('write', 'sync', 'truncate', 'rename', 'open');
  const step = fc.record({
    batches: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
    failing: fc.array(operation, { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, syncs) => {
      const disk = new CrashingDisk();
      const settings = { segmentBytes: 400, ...(syncs ? { flushRecords: 1 } : {}) };
      const fixture = await LogFixture.open({ disk, settings, tailBytesMax: 600 });
      const expected: string[] = [];
      for (const [round, { batches, failing }] of steps.entries()) {
        disk.failing.push(...failing);
        const appended = batches.map((count, index) => {
          const values = Array.from({ length: count }, (_, each) => `${round}-${index}-${each}`);
          return { values, ...fixture.begin({ values }) };
        });
        for (const { values, baseOffset, written } of appended) {
          const { writtenTo } = await written;
          if (baseOffset >= writtenTo) continue;
          assert.equal(baseOffset, expected.length);
          expected.push(...values);
        }
        disk.failing.length = 0;
        assert.equal(fixture.log.endOffset, expected.length);
        assert.equal(fixture.log.highWatermark, expected.length);
        assert.deepEqual(await fixture.values(), expected);
      }
      // What could not be cut goes with the next write.
      await fixture.append({ values: ['last'] });
      expected.push('last');
      assert.deepEqual(await (await LogFixture.open({ disk: disk.afterKill(), settings })).values(), expected);
    }),
    { numRuns: 150 },
  );
});

test('a duplicate of a batch that is being written fails with it', async () => {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk });
  const release = disk.holdWrites();
  const batch = { ...small, producerId: 7, baseSequence: 0 };
  assert.deepEqual(fixture.check(batch), { kind: 'next' });
  const { written } = fixture.begin(batch);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(fixture.check(batch), { kind: 'duplicate', baseOffset: 0 });
  const settled = fixture.log.settled();
  disk.failing.push('write');
  release();
  assert.equal((await written).writtenTo, 0);
  assert.equal((await settled).writtenTo, 0);
  assert.ok(isMillraceError((await settled).failure, 'disk_full'));
});

test('a producer whose first batch failed must come back with it', async () => {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk });
  const first = { ...small, producerId: 7, baseSequence: 0 };
  const second = { ...small, producerId: 7, baseSequence: 1 };
  disk.failing.push('write');
  await assert.rejects(fixture.append(first), (error) => isMillraceError(error, 'disk_full'));
  assert.deepEqual(fixture.check(second), {
    kind: 'refused',
    errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  });
  assert.deepEqual(fixture.check(first), { kind: 'next' });
  await fixture.append(first);
  assert.deepEqual(fixture.check(second), { kind: 'next' });
  assert.deepEqual(fixture.check(first), { kind: 'duplicate', baseOffset: 0 });
});
