/**
 * Stores: state as streams keep it (batches of changes, hot reads), records, and records beyond the memory of the
 * process. Each measurement has a process and a directory of its own.
 *
 * The memory case gives the process a heap of 64 MiB and data of once, four times and sixteen times that. Where
 * `MILLRACE_BENCH_MEMORY_GROUP` names a directory of Linux's memory control groups, the process joins that, so that its
 * limit holds for the pages of the file too.
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { isThere } from './state-subjects.ts';
import type {
  MemoryFigures,
  MemoryWork,
  RecordFigures,
  RecordWork,
  StateFigures,
  StateSubjectName,
  StateWork,
  Work,
} from './work.ts';

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
const mebibyte = 2 ** 20;
const heapMebibytes = 64;
const recordBytes = 1_000;

/** Ours begin with `millrace`. */
const stateSubjects: Readonly<Record<string, StateSubjectName>> = {
  'millrace, on disk': 'lmdb',
  'millrace, rebuildable': 'lmdb-rebuildable',
  'millrace, in memory': 'memory',
  'classic-level': 'classic-level',
  '@nxtedition/rocksdb': 'rocksdb',
};

export const benchmark: Benchmark = {
  description: 'ordered state, records, and records beyond memory',

  async run(context) {
    const noted = new Notes(context);
    for (let round = 1; round <= context.rounds; round++) {
      if (context.isWanted('state')) await measureState(context, noted);
      if (context.isWanted('records')) await measureRecords(context, noted);
      for (const times of [1, 4, 16]) {
        const name = `memory ${times}x`;
        if (context.isWanted(name)) await measureMemory(context, noted, times, name);
      }
    }
    noted.report();
  },
};

/** Figures of all rounds, by case and subject. */
class Notes {
  readonly #context: BenchmarkContext;
  readonly #cases = new Map<string, { unit: string; moreIsBetter: boolean; values: Map<string, number[]> }>();

  constructor(context: BenchmarkContext) {
    this.#context = context;
  }

  add(name: string, subject: string, value: number | undefined, unit: string, moreIsBetter = true): void {
    if (value === undefined) return;
    const entry = this.#cases.get(name) ?? { unit, moreIsBetter, values: new Map<string, number[]>() };
    this.#cases.set(name, entry);
    entry.values.set(subject, [...(entry.values.get(subject) ?? []), value]);
    this.#context.progress(`${name}, ${subject}: ${value >= 1_000 ? Math.round(value) : value.toPrecision(3)} ${unit}`);
  }

  report(): void {
    for (const [name, { unit, moreIsBetter, values }] of this.#cases) {
      this.#context.report({ bench: 'store', case: name, unit, moreIsBetter, values });
    }
  }
}

async function measureState({ scale }: BenchmarkContext, noted: Notes): Promise<void> {
  for (const [subject, name] of Object.entries(stateSubjects)) {
    if (!isThere(name)) continue;
    const figures = await measured<StateFigures, StateWork>({
      type: 'state',
      subject: name,
      keys: Math.round(1_000_000 * scale),
      batches: 60,
      batchChanges: 5_000,
      reads: 200_000,
    });
    noted.add('state: load', subject, figures.loadPerSecond, 'keys/s');
    noted.add('state: changes', subject, figures.changesPerSecond, 'changes/s');
    noted.add('state: processor time of a change', subject, figures.microsecondsPerChange, 'us', false);
    noted.add('state: hot reads', subject, figures.hotReadsPerSecond, 'reads/s');
    noted.add('state: reads of any key', subject, figures.readsPerSecond, 'reads/s');
    noted.add('state: ranges of ten', subject, figures.rangesPerSecond, 'ranges/s');
  }
}

async function measureRecords({ scale }: BenchmarkContext, noted: Notes): Promise<void> {
  const host = process.env['AEROSPIKE_HOST'];
  const engines = [
    ['millrace, embedded', 'embedded', 100_000],
    ['millrace, embedded, rebuildable', 'embedded-rebuildable', 100_000],
    ...(host === undefined ? [] : [['Aerospike', 'aerospike', 100_000] as const]),
  ] as const;
  for (const [subject, engine, count] of engines) {
    const records = Math.round(count * scale);
    const figures = await measured<RecordFigures, RecordWork>({
      type: 'records',
      engine,
      host: host ?? '',
      records,
      inFlight: 128,
    });
    noted.add('records: put', subject, figures.putsPerSecond, 'records/s');
    noted.add('records: get', subject, figures.getsPerSecond, 'records/s');
    noted.add('records: operate', subject, figures.operationsPerSecond, 'records/s');
  }
}

async function measureMemory({ scale }: BenchmarkContext, noted: Notes, times: number, name: string): Promise<void> {
  const records = Math.round((times * heapMebibytes * mebibyte * scale) / recordBytes);
  const figures = await measured<MemoryFigures, MemoryWork>({ type: 'memory', records, recordBytes, reads: 50_000 }, [
    `--max-old-space-size=${heapMebibytes}`,
  ]);
  const subject = 'millrace';
  noted.add(`${name}: put`, subject, figures.putsPerSecond, 'records/s');
  noted.add(`${name}: get any`, subject, figures.readsPerSecond, 'records/s');
  noted.add(`${name}: get of a hot hundredth`, subject, figures.hotReadsPerSecond, 'records/s');
  noted.add(`${name}: heap and buffers`, subject, figures.heapBytes / 1e6, 'MB', false);
  noted.add(`${name}: resident, the file's pages included`, subject, figures.residentBytes / 1e6, 'MB', false);
  noted.add(`${name}: index, of a million keys`, subject, figures.indexBytesPerMillion / 1e6, 'MB', false);
}

/** Runs a worker in an empty directory, and answers its figures. */
async function measured<F, W extends Work>(work: Omit<W, 'directory'>, execArgv: string[] = []): Promise<F> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-store-'));
  try {
    const child = fork(worker, [JSON.stringify({ ...work, directory })], {
      execArgv: [...process.execArgv, ...execArgv],
    });
    return await new Promise<F>((resolve, reject) => {
      child.once('message', (figures) => resolve(figures as F));
      child.once('exit', (code, signal) => reject(new Error(`the process that measures ended with ${code ?? signal}`)));
    });
  } finally {
    await rm(directory, { recursive: true });
  }
}
