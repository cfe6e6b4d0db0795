/**
 * Fuzzes one target under watch. A finding is an input that ends in anything but a value or an error of the project,
 * that takes too long, or that takes too much memory; it fails with the input in hex and the seed that leads to it
 * again.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FuzzOrder, FuzzReport } from './fuzz-process.ts';
import { readWatch } from './watch.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  /** Ends the run before all inputs were tried. */
  readonly seconds?: number | undefined;
  /** The one input to try, in place of seeds and what is made from them. */
  readonly only?: Uint8Array | undefined;
  /** An input that takes longer hangs. Generous, since the machine may be busy with others. Default 20 s. */
  readonly hangMs?: number | undefined;
  /** What the heap may hold, code and seeds included. Default 256 MiB. */
  readonly heapMegabytesMax?: number | undefined;
}

/** An input that a decoder doesn't stand. */
export class FuzzFinding extends Error {
  readonly #input: Uint8Array;

  constructor(target: string, { what, count, input }: BadEnd, seed: number, isFoundAlone: boolean) {
    const advice = isFoundAlone
      ? `Keep it as tests/fuzz/corpus/${kebabCase(target)}/<what-it-shows>.hex.`
      : 'Alone it ends well: it takes what the inputs before it left, so the seed is what leads to it.';
    const hex = Buffer.from(input).toString('hex');
    const where = `MILLRACE_TEST_SEED=${seed}, input ${count} of ${input.length} bytes`;
    super(`${target}: ${what}\nwith ${where}:\n${hex}\n${advice}`);
    this.#input = input;
  }

  get input(): Uint8Array {
    return this.#input;
  }
}

/** Runs the target that `module` (a URL) exports as `target`. Throws `FuzzFinding`. */
export async function fuzz(module: string, target: string, options: FuzzOptions): Promise<FuzzReport> {
  const ended = await runOf(module, target, options);
  if (!('what' in ended)) return ended;
  if (ended.count === 0) throw new Error(`${target}: ${ended.what}`);
  const alone = options.only === undefined ? await runOf(module, target, { ...options, only: ended.input }) : ended;
  throw new FuzzFinding(target, ended, options.seed, 'what' in alone);
}

/** How a run ended that found something. */
interface BadEnd {
  readonly what: string;
  /** The input that was tried then, and how many had been begun: none when 0. */
  readonly input: Uint8Array;
  readonly count: number;
}

async function runOf(module: string, target: string, options: FuzzOptions): Promise<FuzzReport | BadEnd> {
  const { seed, inputs, seconds, only, hangMs = 20_000, heapMegabytesMax = 256 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'));
  const watch = join(folder, 'input');
  writeFileSync(watch, '');
  const alone = only === undefined ? undefined : Buffer.from(only).toString('hex');
  const order: FuzzOrder = { module, target, seed, inputs, seconds, only: alone, watch };
  const child = fork(new URL('fuzz-process.ts', import.meta.url), [JSON.stringify(order)], {
    execArgv: [`--max-old-space-size=${heapMegabytesMax}`, '--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  try {
    const ended = await endOf(child, watch, hangMs);
    if (typeof ended !== 'string' && ended.finding === undefined) return ended;
    return { what: typeof ended === 'string' ? ended : `${ended.finding}`, ...readWatch(watch) };
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

/** The report of the process, or how it ended without one. */
function endOf(child: ChildProcess, watch: string, hangMs: number): Promise<FuzzReport | string> {
  return new Promise((resolve, reject) => {
    let report: FuzzReport | undefined;
    let complaint = '';
    let seen = 0;
    const watching = setInterval(() => {
      const { count } = readWatch(watch);
      if (count > 0 && count === seen) {
        clearInterval(watching);
        resolve(`an input takes over ${hangMs} ms`);
      }
      seen = count;
    }, hangMs);
    child.on('message', (message) => {
      report = message as FuzzReport;
    });
    child.stderr?.on('data', (text) => {
      complaint += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(watching);
      resolve(report ?? `the process ended with ${code ?? signal}\n${complaint.slice(0, 2000)}`);
    });
  });
}

/** As targets are named, of the name that they are exported by. */
function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
