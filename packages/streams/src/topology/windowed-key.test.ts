import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64, text, topic } from '@millrace/client';
import { testDriver } from '../driver/test-driver.ts';
import { topology } from './topology.ts';
import { windowedKey } from './windowed-key.ts';
import { hopping, session, sliding, tumbling } from './windows.ts';

const kinds = [
  { windows: tumbling({ sizeMs: 50 }), key: { key: 'k', start: 100, end: 150 }, bytes: '6b0000000000000064' },
  {
    windows: hopping({ sizeMs: 50, advanceMs: 10 }),
    key: { key: 'é', start: 256, end: 306 },
    bytes: 'c3a90000000000000100',
  },
  { windows: sliding({ differenceMs: 5 }), key: { key: '', start: -2, end: 4 }, bytes: 'fffffffffffffffe' },
  {
    windows: session({ gapMs: 10 }),
    key: { key: 'k', start: 100, end: 116 },
    bytes: '6b00000000000000690000000000000064',
  },
] as const;

for (const { windows, key, bytes } of kinds) {
  test(`keys of ${windows.kind} windows have the bytes of Kafka Streams, and come back`, () => {
    const serde = windowedKey(text, windows);
    const written = serde.serialize(key) as Uint8Array;
    assert.equal(Buffer.from(written).toString('hex'), bytes);
    assert.deepEqual(serde.deserialize(written), key);
    assert.throws(() => serde.deserialize(Buffer.alloc(7)), /no windowed key/);
  });
}

test('results of windows are written, and counted again, under windowed keys', () => {
  const windows = tumbling({ sizeMs: 10 });
  const events = topic('events', { key: text, value: int64 });
  const output = topic('output', { key: windowedKey(text, windows), value: int64 });
  const job = topology('windowed');
  job.source(events).windowedBy(windows).count('by-window').count('changes').to(output);
  const driver = testDriver(job);
  for (const timestamp of [1, 3, 12]) driver.pipe(events, { key: 'a', value: 1, timestamp });
  assert.deepEqual(
    driver.read(output).map(({ key, value }) => [key.start, key.end, value]),
    [
      [0, 10, 1],
      [0, 10, 2],
      [10, 20, 1],
    ],
  );
});
