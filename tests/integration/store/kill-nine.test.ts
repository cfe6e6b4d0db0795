/**
 * A process that writes to a store is killed with SIGKILL at random moments, again and again on the same directory.
 * After each kill: what it was told is acknowledged is there; of each batch all is there or nothing, and none without
 * those before it; records, counters and their index agree.
 *
 * MILLRACE_TEST_SCALE=20 makes 100 rounds. What SIGKILL can't show is a loss of power.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandomness } from '@millrace/base';
import {
  type FoundRecord,
  type OrderedStore,
  openEmbeddedRecords,
  openOrderedStore,
  type RecordStore,
} from '@millrace/store';
import type { Acknowledged } from './writing-program.ts';
import { isDeleted, numberKey, place } from './written.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const rounds = Math.max(2, Math.round(5 * scale));
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const program = fileURLToPath(new URL('writing-program.ts', import.meta.url));
const index = { namespace: place.namespace, name: 'by-even' };

/** The highest numbers that were acknowledged. */
interface Known {
  batch: number;
  record: number;
}

for (const kind of ['synced', 'rebuildable'] as const) {
  test(`a ${kind} store keeps what it acknowledged through ${rounds} kills (seed ${seed})`, {
    timeout: 600_000,
  }, async (t) => {
    const random = seededRandomness(seed);
    const directory = await mkdtemp(join(tmpdir(), 'millrace-store-kill-'));
    const known: Known = { batch: -1, record: -1 };
    let first = 0;
    try {
      await look(directory, kind, known);
      for (let round = 0; round < rounds; round++) {
        const child = fork(program, [directory, kind, String(first)], {
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        await writeUntilKilled(child, known, 20 + random.integer(200));
        first = await look(directory, kind, known);
      }
      t.diagnostic(`${rounds} kills; ${known.batch + 1} batches and ${known.record + 1} records acknowledged`);
      assert.ok(known.batch > rounds && known.record > rounds, 'hardly anything was written');
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}

/** Kills the process so many milliseconds after its first acknowledgement. */
async function writeUntilKilled(child: ChildProcess, known: Known, afterMs: number): Promise<void> {
  const ended = once(child, 'exit');
  child.on('message', ({ type, number }: Acknowledged) => {
    known[type] = Math.max(known[type], number);
  });
  await Promise.race([once(child, 'message'), ended.then(() => assert.fail('the writing process ended by itself'))]);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await ended;
}

/** Opens the store, looks whether all is there, and answers the number to go on with. */
async function look(directory: string, kind: string, known: Known): Promise<number> {
  const store = openOrderedStore({ directory, rebuildable: kind === 'rebuildable' });
  const records = await openEmbeddedRecords({ store });
  try {
    const last = verifyBatches(store, known.batch);
    const lastRecord = await verifyRecords(records, known.record);
    // Both go on at the same number; what one lacks below it is no gap, since it begins there.
    return Math.max(last, lastRecord) + 1;
  } finally {
    await records.close();
  }
}

/** Answers the last batch that is there. */
function verifyBatches(store: OrderedStore, acknowledged: number): number {
  const last = Number(store.space('last').get(numberKey(0))?.readBigInt64BE() ?? -1n);
  assert.ok(last >= acknowledged, `batch ${acknowledged} was acknowledged, the last that is there is ${last}`);
  const [left, right] = ['left', 'right'].map((name) =>
    [...store.space(name).range()].map(
      ({ key, value }) => [Number(key.readBigInt64BE()), value.length, value[0]] as const,
    ),
  );
  assert.deepEqual(left, right);
  const numbers = (left ?? []).map(([number]) => number);
  assert.equal(numbers.at(-1) ?? -1, last);
  for (const number of numbers) assert.ok(!isDeleted(number, last), `batch ${number} was deleted by one up to ${last}`);
  for (const [number, length, byte] of left ?? [])
    assert.deepEqual([length, byte], [1 + (number % 7) * 400, number % 256]);
  return last;
}

/** Answers the last record that is there. */
async function verifyRecords(store: RecordStore, acknowledged: number): Promise<number> {
  if (acknowledged < 0 && (await store.get({ ...place, key: 'counter' })) === undefined) {
    await store.createIndex({ ...place, ...index, bin: 'even', type: 'integer' });
    return -1;
  }
  const all = await everything((after) => store.scan(place, { after }));
  const numbers = all.flatMap(({ bins }) => (typeof bins['number'] === 'number' ? [bins['number']] : []));
  const last = numbers.reduce((highest, number) => Math.max(highest, number), -1);
  assert.ok(last >= acknowledged, `record ${acknowledged} was acknowledged, the last that is there is ${last}`);
  const count = Number((await store.get({ ...place, key: 'counter' }))?.bins['count'] ?? 0);
  assert.equal(count, numbers.length, 'each record came with one addition');
  const even = await everything((after) => store.query({ index, where: { equals: 0 }, after }));
  assert.equal(even.length, numbers.filter((number) => number % 2 === 0).length);
  return last;
}

async function everything(
  page: (after: string | undefined) => ReturnType<RecordStore['scan']>,
): Promise<FoundRecord[]> {
  const records: FoundRecord[] = [];
  let after: string | undefined;
  do {
    const next = await page(after);
    records.push(...next.records);
    after = next.cursor;
  } while (after !== undefined);
  return records;
}
