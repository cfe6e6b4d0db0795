import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamReport } from '@millrace/api/config';
import { ReportedUses } from './reported-uses.ts';

const minuteMs = 60_000;

function stream(part: Partial<StreamReport> = {}): StreamReport {
  const rates = { recordsPerSecond: 1, bytesPerSecond: 10, errorsPerSecond: 0, latencyMs: { p50: 1, p99: 2 } };
  return { topic: 'orders', role: 'producer', cluster: 'east', strays: [], ...rates, ...part };
}

/** Uses that are believed of every topic but `strange`, and what was stored of them, write by write. */
function opened() {
  const state = { now: 0, isAway: false };
  const stored: string[][] = [];
  const uses = new ReportedUses({
    clock: { now: () => state.now },
    isPlausible: (_application, { topic }) => topic !== 'strange',
    store: async (all) => {
      if (state.isAway) throw new Error('the database is away');
      stored.push(all.map(({ cluster, topic, role, name, at }) => `${name} ${role} ${cluster}/${topic} ${+at}`));
    },
  });
  const note = (...streams: StreamReport[]): void => uses.note('shop', streams, new Date(state.now));
  return { state, stored, uses, note };
}

test('stores a use at once when it is new, and moves its time every ten minutes, not with each report', async () => {
  const { state, stored, uses, note } = opened();
  for (; state.now < 25 * minuteMs; state.now += minuteMs / 6) {
    note(stream());
    if (state.now === 5 * minuteMs) note(stream({ role: 'consumer' }));
    await uses.store();
  }
  assert.deepEqual(stored, [
    ['shop producer east/orders 0'],
    [`shop consumer east/orders ${5 * minuteMs}`],
    [`shop producer east/orders ${10 * minuteMs}`],
    [`shop producer east/orders ${20 * minuteMs}`],
  ]);
});

test('the last report of a use that has ended is stored too, later or at the end', async () => {
  const { state, stored, uses, note } = opened();
  note(stream());
  await uses.store();
  state.now = minuteMs;
  note(stream());
  await uses.store();
  assert.equal(stored.length, 1);
  state.now = 11 * minuteMs;
  await uses.store();
  assert.deepEqual(stored[1], [`shop producer east/orders ${minuteMs}`]);
  state.now = 12 * minuteMs;
  note(stream());
  await uses.store('all');
  assert.deepEqual(stored[2], [`shop producer east/orders ${12 * minuteMs}`]);
  await uses.store('all');
  assert.equal(stored.length, 3);
});

test('what could not be stored waits, with the newest time, whatever is reported meanwhile', async () => {
  const { state, stored, uses, note } = opened();
  state.isAway = true;
  note(stream(), stream({ topic: 'returns' }));
  await assert.rejects(uses.store());
  state.now = 2 * minuteMs;
  note(stream());
  await assert.rejects(uses.store());
  state.isAway = false;
  await uses.store();
  assert.deepEqual(stored, [[`shop producer east/orders ${2 * minuteMs}`, 'shop producer east/returns 0']]);
});

test('streams without records, and those that can not be, are no uses', async () => {
  const { stored, uses, note } = opened();
  note(stream({ recordsPerSecond: 0, errorsPerSecond: 3 }), stream({ topic: 'strange' }));
  await uses.store('all');
  assert.deepEqual(stored, []);
});

test('where nobody counts records, bytes are a use', async () => {
  const { stored, note, uses } = opened();
  const { recordsPerSecond: _records, ...uncounted } = stream();
  note(uncounted, { ...uncounted, topic: 'idle', bytesPerSecond: 0 });
  await uses.store('all');
  assert.deepEqual(stored, [['shop producer east/orders 0']]);
});
