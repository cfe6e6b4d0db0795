import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchHeader } from '@millrace/wire';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { diskWith, endOf, firstSegment, readable, records } from '../testing/killed-log.ts';
import { LogFixture, someValues } from '../testing/log-fixture.ts';

test('damage in the middle leaves all others readable at their offsets, and the file as it was', async () => {
  const batches = Array.from({ length: 6 }, (_, index) => [`${index}a`, `${index}b`]);
  const whole = await diskWith(batches);
  for (let damaged = 0; damaged < 5; damaged++) {
    const disk = whole.copy();
    const at = endOf(disk, damaged + 1) - 3;
    const content = Uint8Array.from(disk.content(firstSegment));
    content[at] = (content[at] as number) ^ 0xff;
    await disk.writeFileAtomic(firstSegment, content, { sync: true });
    const fixture = await LogFixture.open({ disk });
    const expected = records(batches).filter(({ offset }) => offset >> 1 !== damaged);
    assert.deepEqual(await readable(fixture), expected);
    assert.equal(fixture.reports.length, 1);
    assert.match(fixture.reports.join(), new RegExp(`2 records from offset ${2 * damaged} on can't be read`));
    assert.deepEqual(Buffer.from(disk.content(firstSegment)), Buffer.from(content));
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

test('damage that a reader meets is an error for its offsets alone, and is reported once', async () => {
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
    const content = Uint8Array.from(disk.content(firstSegment));
    content.fill(0xa5, at, at + 1 + (at % 7));
    await disk.writeFileAtomic(firstSegment, content, { sync: true });
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
    assert.deepEqual(Buffer.from(disk.content(firstSegment)), Buffer.from(content));
  }
});

for (const [what, forge] of [
  ['counts backwards', (bytes: Buffer) => bytes.writeInt32BE(-5, 23)],
  ['is of no time', (bytes: Buffer) => bytes.fill(0x7f, 35, 43)],
  ['ends a transaction without saying how', (bytes: Buffer) => bytes.writeInt16BE(0x30, 21)],
] as const) {
  test(`a batch that ${what} is damage, though its checksum fits`, async () => {
    const disk = await diskWith([['a', 'b'], ['c', 'd'], ['e']], 5);
    const bytes = Buffer.from(disk.content(firstSegment));
    const [start, end] = [endOf(disk, 1), endOf(disk, 2)];
    forge(bytes.subarray(start, end));
    batchHeader.updateCrc(bytes, start);
    await disk.writeFileAtomic(firstSegment, bytes, { sync: false });
    const fixture = await LogFixture.open({ disk });
    assert.deepEqual(
      fixture.log.damage.map(({ fromOffset, toOffset }) => [fromOffset, toOffset]),
      [[2, 4]],
    );
    await fixture.close();
  });
}
