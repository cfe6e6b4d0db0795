import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchHeader, crc32c } from '@millrace/wire';
import fc from 'fast-check';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { buildBatch, LogFixture, logDirectory, recordsOf, someValues } from '../testing/log-fixture.ts';
import { DamagedRecordsError } from './damage.ts';
import { decodeSegmentSummary, encodeSegmentSummary } from './segment-summary.ts';

const first = `${logDirectory}/00000000000000000000.log`;
const damagedFile = `${first}.damaged`;

/** A disk with one segment that holds these batches, as a process leaves it that is killed. */
async function diskWith(batches: readonly (readonly string[])[], producerId = -1): Promise<CrashingDisk> {
  const disk = new CrashingDisk();
  const fixture = await LogFixture.open({ disk });
  let baseSequence = producerId < 0 ? -1 : 0;
  for (const values of batches) {
    await fixture.append({ values, producerId, baseSequence });
    if (producerId >= 0) baseSequence += values.length;
  }
  return disk.afterKill();
}

async function cutTo(disk: CrashingDisk, size: number): Promise<void> {
  const file = await disk.open(first, { create: false });
  await file.truncate(size);
}

test('a tail torn at any byte is cut behind the last whole batch, and the producer goes on there', async () => {
  const batches = [['a', 'b'], ['c'], ['d', 'e', 'f'], ['g']];
  const whole = await diskWith(batches, 5);
  const ends = batches.map((_, count) => endOf(whole, count + 1));
  for (let size = 0; size <= whole.content(first).length; size++) {
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

/** Where the n-th batch of the first segment ends. */
function endOf(disk: CrashingDisk, count: number): number {
  let end = 0;
  const bytes = Buffer.from(disk.content(first));
  for (let batch = 0; batch < count; batch++) end += 12 + bytes.readInt32BE(end + 8);
  return end;
}

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

test('a summary spares the check of what it vouches for, and is not trusted beyond', async () => {
  const settings = { segmentBytes: 2000, indexIntervalBytes: 200 };
  const values = someValues(4, 100);
  let disk = new CrashingDisk();
  let fixture = await LogFixture.open({ disk, settings });
  for (const value of values.slice(0, 50)) await fixture.append({ values: [value] });
  await fixture.close();
  disk = disk.afterKill();
  fixture = await LogFixture.open({ disk, settings });
  for (const value of values.slice(50)) await fixture.append({ values: [value] });
  disk = disk.afterKill();
  const summaries = disk.paths().filter((path) => path.endsWith('.index'));
  assert.ok(summaries.length > 2);
  for (const damage of ['none', 'removed', 'flipped', 'cut'] as const) {
    const copy = disk.copy();
    for (const path of summaries) {
      const content = Uint8Array.from(copy.content(path));
      if (damage === 'removed') await copy.remove(path);
      if (damage === 'flipped') content[content.length >> 1] = (content[content.length >> 1] as number) ^ 1;
      const length = damage === 'cut' ? content.length - 3 : content.length;
      if (damage !== 'removed') await copy.writeFileAtomic(path, content.subarray(0, length), { sync: true });
    }
    assert.deepEqual(await (await LogFixture.open({ disk: copy, settings })).values(), values, damage);
  }
});

test('damage in the middle leaves all others readable at their offsets, and the file as it was', async () => {
  const batches = Array.from({ length: 6 }, (_, index) => [`${index}a`, `${index}b`]);
  const whole = await diskWith(batches);
  for (let damaged = 0; damaged < 5; damaged++) {
    const disk = whole.copy();
    const at = endOf(disk, damaged + 1) - 3;
    const content = Uint8Array.from(disk.content(first));
    content[at] = (content[at] as number) ^ 0xff;
    await disk.writeFileAtomic(first, content, { sync: true });
    const fixture = await LogFixture.open({ disk });
    const expected = records(batches).filter(({ offset }) => offset >> 1 !== damaged);
    assert.deepEqual(await readable(fixture), expected);
    assert.equal(fixture.reports.length, 1);
    assert.match(fixture.reports.join(), new RegExp(`2 records from offset ${2 * damaged} on can't be read`));
    assert.deepEqual(Buffer.from(disk.content(first)), Buffer.from(content));
    await assert.rejects(async () => fixture.log.read(2 * damaged + 1, 1000, true), {
      code: 'records_damaged',
      nextOffset: 2 * damaged + 2,
    });
    const { damage } = fixture.log;
    assert.deepEqual(
      damage.map(({ fromOffset, toOffset }) => [fromOffset, toOffset]),
      [[2 * damaged, 2 * damaged + 2]],
    );
    assert.equal(await fixture.append({ values: ['next'] }), 12);
    const again = await LogFixture.open({ disk: disk.afterKill() });
    assert.deepEqual(await readable(again), [...expected, { offset: 12, value: 'next' }]);
    assert.deepEqual(again.reports, [], 'the second start knows it');
    assert.deepEqual(again.log.damage, damage);
  }
});

test('damage that a reader meets is an error for its offsets alone, is reported once, and survives a restart', async () => {
  const settings = { segmentBytes: 4000, indexIntervalBytes: 300 };
  const values = someValues(6, 120, 60);
  const whole = new CrashingDisk();
  const filled = await LogFixture.open({ disk: whole, settings });
  for (let index = 0; index < values.length; index += 2)
    await filled.append({ values: values.slice(index, index + 2) });
  await filled.close();
  const [sealed] = filled.log.segments;
  const size = sealed?.sizeBytes ?? 0;
  for (let at = 3; at < size; at += 29) {
    const disk = whole.copy();
    const content = Uint8Array.from(disk.content(first));
    content.fill(0xa5, at, at + 1 + (at % 7));
    await disk.writeFileAtomic(first, content, { sync: true });
    const fixture = await LogFixture.open({ disk, settings });
    assert.deepEqual(fixture.reports, [], 'its summary vouches for it');
    for (const round of [1, 2]) {
      const found = await readable(fixture);
      const { damage, highWatermark } = fixture.log;
      const isLost = (offset: number): boolean =>
        damage.some(({ fromOffset, toOffset }) => fromOffset <= offset && offset < toOffset);
      const expected = records([values]).filter(({ offset }) => !isLost(offset));
      assert.deepEqual(found, expected, `damaged at ${at}, round ${round}`);
      assert.ok(found.length >= highWatermark - 4, `damaged at ${at}: ${found.length} of ${highWatermark} are left`);
      assert.equal(fixture.reports.length, damage.length);
    }
    assert.deepEqual(Buffer.from(disk.content(first)), Buffer.from(content));
  }
});

test('bytes that look like ever so many batches are searched with bounded effort', async () => {
  const disk = await diskWith([['a'], ['b']]);
  const end = disk.content(first).length;
  const head = Buffer.from(disk.content(first).subarray(0, 61));
  const hostile = Buffer.alloc(4_000_000);
  for (let at = 0; at + 61 <= hostile.length; at += 61) {
    head.writeBigInt64BE(BigInt(2 + at), 0);
    head.writeInt32BE(hostile.length - at - 12, 8);
    head.copy(hostile, at);
  }
  const file = await disk.open(first, { create: false });
  await file.write([hostile], end);
  const fixture = await LogFixture.open({ disk });
  assert.deepEqual(await fixture.values(), ['a', 'b']);
  assert.equal(disk.content(damagedFile).length, end + hostile.length, 'what could not be judged is kept aside');
});

test('a sector that power took is where the log ends, whatever lies behind', async () => {
  const values = someValues(9, 40, 100);
  const whole = await diskWith(values.map((value) => [value]));
  const disk = whole.copy();
  const content = Uint8Array.from(disk.content(first)).fill(0, 1024, 1536);
  await disk.writeFileAtomic(first, content, { sync: true });
  const fixture = await LogFixture.open({ disk });
  let kept = 0;
  while (endOf(whole, kept + 1) <= 1024) kept += 1;
  assert.deepEqual(await fixture.values(), values.slice(0, kept));
  assert.match(fixture.reports.join(), /cut \d+ bytes of an unfinished write/);
  assert.equal(disk.content(damagedFile).length, content.length, 'what was there is kept aside');
});

test('any file whatever can be opened, and then be appended to', async () => {
  const whole = await diskWith([['a'], ['b', 'c'], ['d']]);
  const bytes = [...whole.content(first)];
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
      await disk.writeFileAtomic(first, content, { sync: true });
      const fixture = await LogFixture.open({ disk });
      const before = await readable(fixture);
      const offset = await fixture.append({ values: ['next'] });
      const again = await LogFixture.open({ disk: disk.afterKill() });
      assert.deepEqual(await readable(again), [...before, { offset, value: 'next' }]);
    }),
    { numRuns: 300 },
  );
});

function records(batches: readonly (readonly string[])[]): { offset: number; value: string }[] {
  return batches.flat().map((value, offset) => ({ offset, value }));
}

/** All records that can be read, going on behind what is damaged. */
async function readable({ log }: LogFixture): Promise<{ offset: number; value: string }[]> {
  const found: { offset: number; value: string }[] = [];
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

test('a segment whose batches are larger than a read at recovery is found whole', async () => {
  const long = 'y'.repeat(5 * 1024 * 1024);
  const disk = new CrashingDisk();
  const file = await disk.open(first, { create: true });
  const batch = buildBatch({ values: [long] });
  await file.write([batch], 0);
  const fixture = await LogFixture.open({ disk });
  assert.equal(fixture.log.highWatermark, 1);
  assert.equal(fixture.log.sizeBytes, batch.length);
});

test('a summary that somebody forged is passed over, and the segment read instead', async () => {
  const sound = await diskWith([['a'], ['b']], 5);
  const fixture = await LogFixture.open({ disk: sound });
  await fixture.close();
  const path = first.replace('.log', '.index');
  const { summary, index } = decodeSegmentSummary(0, sound.content(path)) ?? {};
  assert.ok(summary !== undefined && index !== undefined);
  const forgeries: Record<string, unknown>[] = [
    { sizeBytes: -1 },
    { sizeBytes: 0.5 },
    { nextOffset: null },
    { nextOffset: -3 },
    { maxTimestamp: '1' },
    { producers: null },
    { producers: [{ producerId: 5, epoch: 0, timestamp: 1 }] },
    { producers: [{ producerId: 5, epoch: 0, timestamp: 1, batches: [null] }] },
    { aborted: {} },
    { epochs: [{ epoch: 1 }] },
    { holes: [{ position: 5, end: 1, offset: 0, nextOffset: 1 }] },
    { sizeBytes: 0 },
  ];
  for (const forgery of forgeries) {
    const disk = sound.copy();
    const content = encodeSegmentSummary({ ...summary, ...forgery } as typeof summary, index);
    await disk.writeFileAtomic(path, content, { sync: false });
    const opened = await LogFixture.open({ disk });
    assert.deepEqual(await opened.values(), ['a', 'b'], JSON.stringify(forgery));
    assert.deepEqual(opened.check({ values: ['c'], producerId: 5, baseSequence: 2 }), { kind: 'next' });
  }
});

test('a summary that is no JSON, though its checksum fits, is passed over', async () => {
  const disk = await diskWith([['a']]);
  const content = Buffer.from('4d525331000000000000000361626300', 'hex');
  content.writeUInt32BE(crc32c(content.subarray(8)), 4);
  await disk.writeFileAtomic(first.replace('.log', '.index'), content, { sync: false });
  assert.deepEqual(await (await LogFixture.open({ disk })).values(), ['a']);
});

for (const [what, forge] of [
  ['counts backwards', (bytes: Buffer) => bytes.writeInt32BE(-5, 23)],
  ['is of no time', (bytes: Buffer) => bytes.fill(0x7f, 35, 43)],
  ['ends a transaction without saying how', (bytes: Buffer) => bytes.writeInt16BE(0x30, 21)],
] as const) {
  test(`a batch that ${what} is damage, though its checksum fits`, async () => {
    const disk = await diskWith([['a', 'b'], ['c', 'd'], ['e']], 5);
    const bytes = Buffer.from(disk.content(first));
    const [start, end] = [endOf(disk, 1), endOf(disk, 2)];
    forge(bytes.subarray(start, end));
    batchHeader.updateCrc(bytes, start);
    await disk.writeFileAtomic(first, bytes, { sync: false });
    const fixture = await LogFixture.open({ disk });
    assert.deepEqual(
      fixture.log.damage.map(({ fromOffset, toOffset }) => [fromOffset, toOffset]),
      [[2, 4]],
    );
    await fixture.close();
  });
}
