import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildControlBatch, readBatches } from '@millrace/wire';
import { compactOnce, readKeyed, readNext } from '../../testing/compaction-fixture.ts';
import { CrashingDisk } from '../../testing/crashing-disk.ts';
import { LogFixture, logDirectory } from '../../testing/log-fixture.ts';
import { findByTimestamp, findMaxTimestamp } from '../timestamp-search.ts';

const settings = { compact: true, deleteOld: false, segmentBytes: 400, indexIntervalBytes: 100, tombstoneMs: 100 };

async function openLog(more: Partial<LogFixture['settings']> = {}, disk = new CrashingDisk(), tailBytesMax = 0) {
  return LogFixture.open({ disk, settings: { ...settings, ...more }, tailBytesMax });
}

/** Appends one record a batch. */
async function put(fixture: LogFixture, key: string, value: string | null, more = {}): Promise<number> {
  return fixture.append({ keys: [key], values: [value], timestamps: fixture.now, ...more });
}

/** Appends records of one key until a new segment has begun. */
async function fillSegment(fixture: LogFixture, key: string): Promise<void> {
  const before = Math.max(1, fixture.log.segments.length);
  for (let index = 0; fixture.log.segments.length <= before; index++) await put(fixture, key, `${key}${index}`);
}

async function mark(fixture: LogFixture, producerId: number, type: 'commit' | 'abort'): Promise<void> {
  const batch = { type, coordinatorEpoch: 0, producerId, producerEpoch: 0, timestamp: fixture.now } as const;
  await fixture.log.append(Uint8Array.from(buildControlBatch(batch)), 0).written;
}

/** Base offsets of the control batches that are left. */
async function markers({ log }: LogFixture): Promise<number[]> {
  const found: number[] = [];
  for (let offset = 0; offset < log.highWatermark; ) {
    for (const chunk of await log.read(offset, 1, true)) {
      for (const batch of readBatches(chunk)) {
        if (batch.isControl && batch.recordCount > 0) found.push(batch.baseOffset);
        offset = batch.lastOffset + 1;
      }
    }
  }
  return found;
}

test('a log is left alone until enough of it is dirty, and is not compacted twice', async () => {
  const fixture = await openLog({ dirtyRatioMin: 0.5 });
  await fillSegment(fixture, 'a');
  await fillSegment(fixture, 'b');
  assert.equal((await compactOnce(fixture))?.compactedTo, fixture.log.segments.at(-1)?.baseOffset);
  assert.equal(await compactOnce(fixture), undefined);
  for (let index = 0; index < 30; index++) await put(fixture, `u${index}`, 'x'.repeat(40));
  await compactOnce(fixture);
  await fillSegment(fixture, 'a');
  assert.equal(await compactOnce(fixture), undefined, 'most of it is compacted');
  await fixture.close();
});

test('how far a log is compacted survives a restart, and its loss costs another pass alone', async () => {
  const disk = new CrashingDisk();
  const fixture = await openLog({ dirtyRatioMin: 0.4 }, disk);
  for (const key of ['a', 'b', 'a']) await fillSegment(fixture, key);
  await compactOnce(fixture);
  const before = await readKeyed(fixture, 0);
  await fixture.close();
  const restarted = await openLog({ dirtyRatioMin: 0.4 }, disk);
  assert.equal(await restarted.log.compaction.plan(), undefined);
  await restarted.close();
  await disk.remove(`${logDirectory}/compacted-to`);
  const forgetful = await openLog({ dirtyRatioMin: 0.4 }, disk);
  assert.ok(await compactOnce(forgetful));
  assert.deepEqual(await readKeyed(forgetful, 0), before);
});

test('young records wait for min.compaction.lag.ms', async () => {
  const fixture = await openLog({ compactionLagMinMs: 1000 });
  await fillSegment(fixture, 'a');
  assert.equal(await compactOnce(fixture), undefined);
  fixture.now += 1001;
  assert.ok(await compactOnce(fixture));
});

test('max.compaction.lag.ms rolls the active segment and compacts, however little is dirty', async () => {
  const fixture = await openLog({ compactionLagMaxMs: 1000, dirtyRatioMin: 1 });
  await put(fixture, 'a', '1');
  await put(fixture, 'a', '2');
  assert.equal(await compactOnce(fixture), undefined);
  fixture.now += 1001;
  assert.ok(await compactOnce(fixture));
  assert.deepEqual(
    (await readKeyed(fixture, 0)).map(({ value }) => value),
    ['2'],
  );
});

test('a tombstone goes once it was kept for delete.retention.ms after its first compaction', async () => {
  const fixture = await openLog({ dirtyRatioMin: 0 });
  const value = async () => (await readKeyed(fixture, 0)).filter(({ key }) => key === 'gone').map((each) => each.value);
  await put(fixture, 'gone', 'here');
  await put(fixture, 'gone', null);
  fixture.now += 10_000;
  await fillSegment(fixture, 'a');
  await compactOnce(fixture);
  assert.deepEqual(await value(), [null]);
  fixture.now += 99;
  await fillSegment(fixture, 'a');
  await compactOnce(fixture);
  assert.deepEqual(await value(), [null]);
  fixture.now += 1;
  await fillSegment(fixture, 'a');
  await compactOnce(fixture);
  assert.deepEqual(await value(), []);
});

test('records of aborted transactions go at once, markers when nothing else is left of them', async () => {
  const fixture = await openLog({ dirtyRatioMin: 0 });
  const inTransaction = { transactional: true, producerEpoch: 0 };
  await put(fixture, 'a', 'committed', { ...inTransaction, producerId: 1, baseSequence: 0 });
  await mark(fixture, 1, 'commit');
  await put(fixture, 'a', 'aborted', { ...inTransaction, producerId: 2, baseSequence: 0 });
  await mark(fixture, 2, 'abort');
  await put(fixture, 'b', 'committed', { ...inTransaction, producerId: 3, baseSequence: 0 });
  await mark(fixture, 3, 'commit');
  // Later batches of the same producers, so that none of the above is kept for its sequence numbers.
  for (const producerId of [1, 2, 3]) await put(fixture, 'p', 'x', { producerId, producerEpoch: 0, baseSequence: 1 });
  await fillSegment(fixture, 'c');
  await compactOnce(fixture);
  const left = async () => (await readKeyed(fixture, 0)).filter(({ key }) => /[ab]/.test(key ?? ''));
  assert.deepEqual(
    (await left()).map(({ value }) => value),
    ['committed', 'committed'],
  );
  assert.deepEqual(await markers(fixture), [1, 3, 5], 'the aborted records were there until now');
  assert.equal(fixture.log.aborted(0, await fixture.log.read(0, 10_000, true)).length, 1);
  await put(fixture, 'b', 'later');
  await fillSegment(fixture, 'c');
  await compactOnce(fixture);
  assert.deepEqual(await markers(fixture), [1, 3, 5], 'the aborted one begins to wait for its horizon');
  fixture.now += 100;
  await fillSegment(fixture, 'c');
  await compactOnce(fixture);
  assert.deepEqual(await markers(fixture), [1, 5]);
  assert.deepEqual(fixture.log.aborted(0, await fixture.log.read(0, 10_000, true)), []);
  fixture.now += 100;
  await fillSegment(fixture, 'c');
  await compactOnce(fixture);
  assert.deepEqual(await markers(fixture), [1], 'the record of the first transaction is still there');
  assert.equal(fixture.log.lastStableOffset, fixture.log.highWatermark);
});

test('nothing is compacted from an open transaction on', async () => {
  const fixture = await openLog({ dirtyRatioMin: 0 });
  await fillSegment(fixture, 'a');
  const open = await put(fixture, 'a', 'open', {
    transactional: true,
    producerId: 1,
    producerEpoch: 0,
    baseSequence: 0,
  });
  await fillSegment(fixture, 'a');
  await fillSegment(fixture, 'a');
  await compactOnce(fixture);
  const found = await readKeyed(fixture, 0);
  assert.ok(found.filter(({ offset }) => offset < open).length < 4);
  assert.equal(found.filter(({ offset }) => offset >= open).length, fixture.log.highWatermark - open);
});

test("a producer's last numbers are known after compaction and a start without summaries", async () => {
  const disk = new CrashingDisk();
  const fixture = await openLog({ dirtyRatioMin: 0 }, disk);
  await fixture.append({ keys: ['a', 'a'], values: ['1', '2'], producerId: 7, baseSequence: 0 });
  await fillSegment(fixture, 'a');
  await fillSegment(fixture, 'a');
  await compactOnce(fixture);
  await fixture.close();
  for (const path of disk.paths()) if (path.endsWith('.index')) await disk.remove(path);
  const restarted = await openLog({}, disk.afterKill());
  assert.equal((await readNext(restarted, 0))?.key, 'a');
  assert.notEqual((await readNext(restarted, 0))?.offset, 0);
  const next = { keys: ['b'], values: ['3'], producerId: 7 };
  assert.deepEqual(restarted.check({ ...next, baseSequence: 2 }), { kind: 'next' });
  assert.equal(restarted.check({ ...next, baseSequence: 3 })?.kind, 'refused');
});

test('a damaged segment is left as it is and reported, and the others are compacted around it', async () => {
  const disk = new CrashingDisk();
  const fixture = await openLog({ dirtyRatioMin: 0 }, disk);
  for (const key of ['a', 'b', 'a', 'b', 'a']) await fillSegment(fixture, key);
  const [, , damaged] = fixture.log.segments;
  const content = disk.content(damaged?.path ?? '');
  content[content.length - 3] = (content[content.length - 3] as number) ^ 1;
  const size = damaged?.sizeBytes;
  await compactOnce(fixture);
  assert.equal(fixture.log.segments.find(({ path }) => path === damaged?.path)?.sizeBytes, size);
  assert.equal(fixture.reports.length, 1, fixture.reports.join('\n'));
  assert.match(fixture.reports[0] ?? '', /is damaged/);
  assert.ok(fixture.log.segments.every((segment) => segment === damaged || segment.sizeBytes <= 400));
  assert.equal((await readNext(fixture, 0))?.offset, damaged?.baseOffset, 'what comes before is superseded');
});

test('readers go on while segments are replaced under them, and see each record once and in order', async () => {
  const fixture = await openLog({ dirtyRatioMin: 0 }, new CrashingDisk(), 500);
  for (let round = 0; round < 8; round++) for (const key of ['a', 'b', 'c']) await fillSegment(fixture, key);
  let isDone = false;
  const reader = async (bytesMax: number): Promise<number> => {
    let rounds = 0;
    for (; !isDone || rounds === 0; rounds++) {
      const found = await readKeyed(fixture, 0, bytesMax);
      const offsets = found.map(({ offset }) => offset);
      assert.deepEqual(
        offsets,
        [...offsets].sort((left, right) => left - right),
      );
      const keys = new Set(found.map(({ key }) => key));
      for (const key of ['a', 'b', 'c']) assert.ok(keys.has(key), `the last record of ${key} is there`);
    }
    return rounds;
  };
  const readers = [1, 100, 1000].map(reader);
  await compactOnce(fixture);
  await fillSegment(fixture, 'd');
  await compactOnce(fixture);
  isDone = true;
  await Promise.all(readers);
  assert.deepEqual(fixture.reports, []);
});

test('times find the record that is left', async () => {
  const fixture = await openLog({ dirtyRatioMin: 0 });
  for (let index = 0; index < 60; index++) {
    fixture.now += (index * 7) % 5;
    await put(fixture, `k${index % 7}`, `${index}`, { timestamps: fixture.now - ((index * 13) % 11) });
  }
  await compactOnce(fixture);
  const found = await readKeyed(fixture, 0);
  assert.ok(found.length < 30);
  const times = found.map(({ timestamp }) => timestamp);
  for (let time = Math.min(...times) - 2; time <= Math.max(...times) + 2; time++) {
    const expected = found.find(({ timestamp }) => timestamp >= time);
    assert.equal((await findByTimestamp(fixture.log, time))?.offset, expected?.offset);
  }
  const newest = found.find(({ timestamp }) => timestamp === Math.max(...times));
  assert.equal((await findMaxTimestamp(fixture.log))?.offset, newest?.offset);
});

test('compaction that is told to end leaves the log as it was', async () => {
  const disk = new CrashingDisk();
  const fixture = await openLog({ dirtyRatioMin: 0 }, disk);
  for (const key of ['a', 'b', 'a']) await fillSegment(fixture, key);
  let left = 12;
  await assert.rejects(compactOnce(fixture, { stopped: () => left-- < 0 }), { name: 'Error' });
  assert.deepEqual(
    disk.paths().filter((path) => /cleaned|swap/.test(path)),
    [],
  );
  await compactOnce(fixture);
  assert.equal(new Set((await readKeyed(fixture, 0)).map(({ key }) => key)).size, 2);
});

test('a swap that the disk refuses changes nothing, and the next compaction succeeds', async () => {
  for (const failing of ['rename', 'sync', 'write'] as const) {
    for (let nth = 0; nth < 6; nth++) {
      const disk = new CrashingDisk();
      const fixture = await openLog({ dirtyRatioMin: 0 }, disk);
      for (const key of ['a', 'b', 'a', 'b']) await fillSegment(fixture, key);
      let operations = 0;
      disk.onOperation = (operation) => operation === failing && operations++ === nth;
      await compactOnce(fixture).catch((error: Error) => assert.match(error.message, /disk is full/));
      disk.onOperation = undefined;
      assert.deepEqual(new Set((await readKeyed(fixture, 0)).map(({ key }) => key)), new Set(['a', 'b']));
      await compactOnce(fixture);
      const below = (await readKeyed(fixture, 0)).filter(
        ({ offset }) => offset < (fixture.log.segments.at(-1)?.baseOffset ?? 0),
      );
      assert.equal(below.length, 2, `${failing} ${nth}`);
      const restarted = await openLog({}, disk.afterKill());
      assert.deepEqual((await readKeyed(restarted, 0)).length, (await readKeyed(fixture, 0)).length);
      assert.deepEqual(restarted.reports, []);
    }
  }
});
