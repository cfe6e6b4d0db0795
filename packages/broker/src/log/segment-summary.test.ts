import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '@millrace/wire';
import { CrashingDisk } from '../testing/crashing-disk.ts';
import { diskWith, firstSegment } from '../testing/killed-log.ts';
import { LogFixture, someValues } from '../testing/log-fixture.ts';
import { decodeSegmentSummary, encodeSegmentSummary } from './segment-summary.ts';

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

test('a summary that somebody forged is passed over, and the segment read instead', async () => {
  const sound = await diskWith([['a'], ['b']], 5);
  const fixture = await LogFixture.open({ disk: sound });
  await fixture.close();
  const path = firstSegment.replace('.log', '.index');
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
  await disk.writeFileAtomic(firstSegment.replace('.log', '.index'), content, { sync: false });
  assert.deepEqual(await (await LogFixture.open({ disk })).values(), ['a']);
});
