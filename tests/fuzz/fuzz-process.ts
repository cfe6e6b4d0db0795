/**
 * Runs one target in a process of its own: first its seeds as they are, then inputs made from them. Ends at the first
 * finding.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { isMillraceError, seededRandomness } from '@millrace/base';
import { type FuzzTarget, kindOfMessage } from './fuzz-target.ts';
import { mutate } from './mutate.ts';
import { withoutThreadPool } from './thread-pool.ts';
import { WatchWriter } from './watch.ts';

export interface FuzzOrder {
  /** URL of a module that exports targets. */
  readonly module: string;
  /** The export's name. */
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  /** Ends the run before all inputs were tried. */
  readonly seconds?: number | undefined;
  /** The one input to try, in hex, in place of seeds and what is made from them. */
  readonly only?: string | undefined;
  /** Path of the file that shows what goes on. */
  readonly watch: string;
}

/** What the process says at its end; it says nothing when it hangs, runs out of memory or crashes. */
export interface FuzzReport {
  /** Inputs that were tried, besides the seeds. */
  readonly inputs: number;
  /** Inputs that were refused with an error of the project. */
  readonly refused: number;
  /** Different ways in which inputs ended. */
  readonly outcomes: number;
  /** Of how each input ended, in their order: the same whenever the same seed is run. */
  readonly digest: number;
  /** The mean and the longest time that one input took. */
  readonly meanMs: number;
  readonly slowestMs: number;
  /** What the heap and external memory (buffers) grew by, with the garbage collected. */
  readonly retainedBytes: number;
  /** The error with its stack when an input ended in something that is no error of the project. */
  readonly finding: string | undefined;
}

/** Of targets that answer at once; what was failed to decompress is let go there. */
const inputsPerTurn = 100;
/** What a run itself may remember, beside the seeds that the target has. */
const foundSeedsMax = 4000;
const foundSeedBytesMax = 4096;

const order: FuzzOrder = JSON.parse(process.argv[2] ?? '');
const report = await fuzz(order);
process.send?.(report);
process.disconnect?.();

async function fuzz({ module, target: name, seed, inputs, seconds, only, watch }: FuzzOrder): Promise<FuzzReport> {
  withoutThreadPool();
  const target: FuzzTarget = (await import(module))[name];
  using shown = new WatchWriter(watch);
  const random = seededRandomness(seed);
  const seeds = only === undefined ? [...(await target.seeds()), ...corpusOf(target.name)] : [fromHex(only)];
  const known = seeds.length;
  const last = known + (only === undefined ? inputs : 0);
  const end = performance.now() + (seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const outcomes = new Set<number>();
  const memoryBefore = await memoryInUse();
  let [refused, digest, totalMs, slowestMs] = [0, 0, 0, 0];
  let finding: string | undefined;
  let index = 0;
  for (; index < last && finding === undefined && performance.now() < end; index++) {
    const input = index < known ? (seeds[index] as Uint8Array) : mutate(seeds, random);
    shown.begin(input);
    const started = performance.now();
    const ending = attempt(target, input);
    const ended = ending instanceof Promise ? await ending : ending;
    const tookMs = performance.now() - started;
    // Node tells of rejections that nobody handles at the end of a turn.
    if (ending instanceof Promise || index % inputsPerTurn === 0) await nextTurn();
    totalMs += tookMs;
    slowestMs = Math.max(slowestMs, tookMs);
    finding = ended.finding;
    if (ended.refused) refused++;
    const outcome = crc32(ended.outcome);
    digest = crc32(ended.outcome, digest);
    if (outcomes.has(outcome)) continue;
    outcomes.add(outcome);
    const isWorthKeeping = input.length <= foundSeedBytesMax && seeds.length < known + foundSeedsMax;
    if (index >= known && isWorthKeeping) seeds.push(input);
  }
  const retainedBytes = (await memoryInUse()) - memoryBefore;
  const tried = Math.max(0, index - known);
  return {
    inputs: tried,
    refused,
    outcomes: outcomes.size,
    digest,
    meanMs: totalMs / Math.max(1, index),
    slowestMs,
    retainedBytes,
    finding,
  };
}

/** Without garbage. Node lets go of a failed decompression one or two turns later. */
async function memoryInUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Ended {
  readonly outcome: string;
  readonly refused: boolean;
  readonly finding: string | undefined;
}

function attempt(target: FuzzTarget, input: Uint8Array): Ended | Promise<Ended> {
  try {
    const outcome = target.run(input);
    return outcome instanceof Promise ? outcome.then(read, ended) : read(outcome);
  } catch (error) {
    return ended(error);
  }
}

function read(outcome: string | undefined): Ended {
  return { outcome: outcome ?? 'read', refused: false, finding: undefined };
}

function ended(error: unknown): Ended {
  if (isMillraceError(error)) {
    return { outcome: `${error.code} ${kindOfMessage(error.message)}`, refused: true, finding: undefined };
  }
  const finding = error instanceof Error ? `${error.stack}` : `thrown: ${String(error)}`;
  return { outcome: finding, refused: false, finding };
}

/** Inputs that once were findings, or that no seed leads to: one file each, in hex. Every target has some. */
function corpusOf(name: string): Uint8Array[] {
  const folder = new URL(`corpus/${name}/`, import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((file) => fromHex(readFileSync(new URL(file, folder), 'utf8')));
}

function fromHex(text: string): Uint8Array {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}
