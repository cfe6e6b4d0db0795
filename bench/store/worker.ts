/** Measures one subject in a process of its own; the work comes as JSON, the figures go to the parent. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  add,
  openAerospikeRecords,
  openEmbeddedRecords,
  openOrderedStore,
  type RecordStore,
  read,
} from '@millrace/store';
import { openSubject } from './state-subjects.ts';
import type { MemoryFigures, MemoryWork, RecordFigures, RecordWork, StateFigures, StateWork, Work } from './work.ts';

function measured(work: Work): Promise<StateFigures | MemoryFigures | RecordFigures> {
  switch (work.type) {
    case 'state':
      return measureState(work);
    case 'memory':
      return measureMemory(work);
    case 'records':
      return measureRecords(work);
  }
}

/** Runs so many steps, and answers how many a second were done. */
async function rate(steps: number, run: () => Promise<void> | void): Promise<number> {
  const began = performance.now();
  await run();
  return (steps / (performance.now() - began)) * 1_000;
}

/** A key of 20 bytes; numbers that follow each other are far from each other. */
function stateKey(number: number): Buffer {
  const key = Buffer.alloc(20, 'key');
  key.writeUInt32BE(Math.imul(number, 2_654_435_761) >>> 0, 4);
  key.writeUInt32BE(number, 8);
  return key;
}

const noise = Buffer.from(Array.from({ length: 65_536 }, () => Math.floor(Math.random() * 256)));

function stateValue(): Buffer {
  const from = Math.floor(Math.random() * (noise.length - 100));
  return noise.subarray(from, from + 100);
}

function anyOf(count: number): number {
  return Math.floor(Math.random() * count);
}

async function measureState({ subject: name, directory, keys, ...work }: StateWork): Promise<StateFigures> {
  const subject = await openSubject(name, directory);
  const { batches, batchChanges, reads } = work;
  const change = (number: number): [Buffer, Buffer] => [stateKey(number), stateValue()];
  const loadPerSecond = await rate(keys, async () => {
    for (let first = 0; first < keys; first += batchChanges) {
      await subject.write(Array.from({ length: Math.min(batchChanges, keys - first) }, (_, at) => change(first + at)));
    }
  });
  const cpuBefore = process.cpuUsage();
  const changesPerSecond = await rate(batches * batchChanges, async () => {
    for (let batch = 0; batch < batches; batch++) {
      await subject.write(Array.from({ length: batchChanges }, () => change(anyOf(keys))));
    }
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  let missing = 0;
  const readFrom = (count: number): Promise<number> =>
    rate(reads, () => {
      for (let index = 0; index < reads; index++) if (subject.get(stateKey(anyOf(count)))?.length !== 100) missing++;
    });
  const hotReadsPerSecond = await readFrom(1_000);
  const readsPerSecond = await readFrom(keys);
  const ranges = reads / 10;
  const rangesPerSecond =
    subject.range &&
    (await rate(ranges, () => {
      for (let index = 0; index < ranges; index++) subject.range?.(stateKey(anyOf(keys)), 10);
    }));
  if (missing > 0) throw new Error(`${missing} keys were not found`);
  await subject.close();
  const microsecondsPerChange = (user + system) / (batches * batchChanges);
  return { loadPerSecond, changesPerSecond, microsecondsPerChange, hotReadsPerSecond, readsPerSecond, rangesPerSecond };
}

const place = { namespace: 'test', set: 'bench' };

async function measureMemory({ directory, records, recordBytes, reads }: MemoryWork): Promise<MemoryFigures> {
  const store = await openEmbeddedRecords({ store: openOrderedStore({ directory }) });
  // What a record must hold follows from its number.
  const fill = (number: number): Buffer => Buffer.alloc(recordBytes, `${number},`);
  const putsPerSecond = await rate(records, () =>
    inFlight(records, 512, (number) => store.put({ ...place, key: number }, { number, fill: fill(number) })),
  );
  const check = async (number: number): Promise<void> => {
    const found = await store.get({ ...place, key: number });
    const bins = found?.bins;
    if (bins?.['number'] !== number || !fill(number).equals(bins['fill'] as Buffer)) {
      throw new Error(`the record ${number} is not what was put`);
    }
  };
  const hot = Math.max(1, Math.floor(records / 100));
  const readsPerSecond = await rate(reads, () => inFlight(reads, 1, () => check(anyOf(records))));
  const hotReadsPerSecond = await rate(reads, () => inFlight(reads, 1, () => check(anyOf(hot))));
  let seen = 0;
  let after: string | undefined;
  do {
    const page = await store.scan(place, { after, bins: ['number'] });
    seen += page.records.length;
    after = page.cursor;
  } while (after !== undefined);
  if (seen !== records) throw new Error(`the scan found ${seen} of ${records} records`);
  const { indexBytesPerMillion } = await store.stats();
  const { rss: residentBytes, heapUsed, external } = process.memoryUsage();
  await store.close();
  const heapBytes = heapUsed + external;
  return { putsPerSecond, readsPerSecond, hotReadsPerSecond, residentBytes, heapBytes, indexBytesPerMillion };
}

async function openRecords({ engine, directory, host }: RecordWork): Promise<RecordStore> {
  if (engine === 'aerospike') return openAerospikeRecords({ hosts: host });
  const rebuildable = engine === 'embedded-rebuildable';
  return openEmbeddedRecords({ store: openOrderedStore({ directory, rebuildable }) });
}

async function measureRecords(work: RecordWork): Promise<RecordFigures> {
  const store = await openRecords(work);
  const { records } = work;
  const each = (run: (number: number) => Promise<unknown>): Promise<number> =>
    rate(records, () => inFlight(records, work.inFlight, run));
  const putsPerSecond = await each((number) =>
    store.put({ ...place, key: number }, { count: 1, name: `the name of ${number}`, seen: [1, 2, 3] }),
  );
  const getsPerSecond = await each(() => store.get({ ...place, key: anyOf(records) }));
  const operationsPerSecond = await each(() =>
    store.operate({ ...place, key: anyOf(records) }, [add('count', 1), read('count')]),
  );
  await store.close();
  return { putsPerSecond, getsPerSecond, operationsPerSecond };
}

/** Runs so many calls, at most `max` at a time. */
async function inFlight(count: number, max: number, run: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(max, count) }, lane));
}

const work = JSON.parse(process.argv[2] ?? '') as Work;
const group = process.env['MILLRACE_BENCH_MEMORY_GROUP'];
if (work.type === 'memory' && group !== undefined) writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
process.send?.(await measured(work));
process.disconnect?.();
