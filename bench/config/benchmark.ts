/**
 * The config service: how many answers one process gives, and how soon a change is with all who watch. Service, those
 * who ask or watch, and the database have processes of their own on the same machine. Each watcher asks for a topic of
 * its own, so that each push is as many signatures as there are watchers.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '@millrace/engines';
import { answerOf } from '../fleet-at-rest/embedded-fleet.ts';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';
import { usageOf } from '../harness/process-usage.ts';
import type { Asked } from './asking-program.ts';
import type { ServiceServes, ServiceWork, WorkBegun } from './service-program.ts';
import type { AllTold } from './watching-program.ts';

const programOf = (name: string): string => fileURLToPath(new URL(`./${name}-program.ts`, import.meta.url));
const applications = 50;
const secondsAsked = 5;
interface Asking {
  readonly name: string;
  readonly connections: number;
  readonly wants: number;
  /** With a password, which is sealed to each instance. */
  readonly isSealed?: boolean;
  /** Something changes each second, so that what was signed before is of no use. */
  readonly isChanging?: boolean;
}

const asking: readonly Asking[] = [
  { name: 'look-ups, one a request', connections: 32, wants: 1 },
  { name: 'look-ups, ten a request', connections: 32, wants: 10 },
  { name: 'look-ups with a password', connections: 32, wants: 1, isSealed: true },
  { name: 'look-ups, a change a second', connections: 32, wants: 1, isChanging: true },
];
/** Watchers: a sixteenth, a quarter, and all. */
const sizes = [625, 2_500, 10_000] as const;

/** What watchers watch, and what is pushed to them. */
const watching = { plain: 'watchers', sealed: 'watchers with a password' } as const;
type Watching = keyof typeof watching;

type Note = (name: string, unit: string, value: number, moreIsBetter?: boolean) => void;

interface Service {
  readonly child: ChildProcess;
  readonly serves: ServiceServes;
}

export const benchmark: Benchmark = {
  description: 'answers of the config service, and pushes to those who watch them',

  async run(context) {
    const series = new Map<string, { readonly unit: string; readonly moreIsBetter: boolean; values: number[] }>();
    const note: Note = (name, unit, value, moreIsBetter = false) => {
      const entry = series.get(name) ?? { unit, moreIsBetter, values: [] };
      entry.values.push(value);
      series.set(name, entry);
      context.progress(`${name}: ${value.toFixed(3)} ${unit}`);
    };
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
    // PostgreSQL runs as another user where this one is root.
    await chmod(folder, 0o755);
    try {
      await using postgres = await startPostgres({ directory: join(folder, 'postgres') });
      const child = fork(programOf('service'), [postgres.url, join(folder, 'keys'), String(applications)]);
      try {
        const service = { child, serves: await answerOf<ServiceServes>(child) };
        for (const what of asking) {
          if (context.isWanted(what.name)) await measureAsking(service, what, note, context);
        }
        for (const size of sizes) {
          const watchers = Math.max(1, Math.round(size * context.scale));
          for (const mode of ['plain', 'sealed'] as const) {
            const isWanted = context.isWanted(`${size} ${watching[mode]}`);
            if (isWanted) await measureWatching(service, watchers, mode, note, context);
          }
        }
      } finally {
        await end(child);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    for (const [name, { unit, moreIsBetter, values }] of series) {
      context.report({ bench: 'config', case: name, unit, moreIsBetter, values: new Map([['millrace', values]]) });
    }
  },
};

async function measureAsking(
  { child, serves: { url, tokens, sealedToken } }: Service,
  { name, connections, wants, isSealed = false, isChanging = false }: Asking,
  note: Note,
  { rounds }: BenchmarkContext,
): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    const before = usageOf(child.pid ?? 0).cpuSeconds;
    const who = isSealed ? ['sealed', sealedToken] : ['a0', tokens[0] ?? ''];
    const args = [url, ...who, connections, wants, secondsAsked, ...(isSealed ? ['sealed'] : [])].map(String);
    const changes: Promise<number>[] = [];
    const changing = isChanging ? setInterval(() => changes.push(changeTaking(child)), 1_000) : undefined;
    const asked = await answerOf<Asked>(fork(programOf('asking'), args)).finally(() => clearInterval(changing));
    const cpuSeconds = usageOf(child.pid ?? 0).cpuSeconds - before;
    for (const seconds of await Promise.all(changes)) note(`${name}: until a change is made`, 's', seconds);
    note(name, 'look-ups/s', asked.lookupsPerSecond, true);
    note(`${name}: p50`, 'ms', asked.p50Ms);
    note(`${name}: p99`, 'ms', asked.p99Ms);
    // A second more than was counted is its warm-up.
    note(`${name}: cores of the service`, 'cores', cpuSeconds / (secondsAsked + 1));
  }
}

async function measureWatching(
  service: Service,
  watchers: number,
  mode: Watching,
  note: Note,
  context: BenchmarkContext,
): Promise<void> {
  const { child, serves } = service;
  const pid = child.pid ?? 0;
  const name = `${watchers} ${watching[mode]}`;
  const residentBefore = usageOf(pid).residentBytes;
  const [tokens, work] =
    mode === 'plain' ? [serves.tokens, 'change' as const] : [[serves.sealedToken], 'rotate' as const];
  const watchersChild = fork(programOf('watching'), [serves.url, String(watchers), mode, ...tokens]);
  try {
    const began = performance.now();
    await answerOf<AllTold>(watchersChild);
    note(`${name}: all connected and told`, 's', (performance.now() - began) / 1_000);
    for (let round = 1; round <= context.rounds; round++) {
      const told = answerOf<AllTold>(watchersChild);
      const cpuBefore = usageOf(pid).cpuSeconds;
      const { at } = await begunBy(child, work);
      const { firstAt, lastAt } = await told;
      note(`${name}: from a change to the first who is told`, 's', (firstAt - at) / 1_000);
      note(`${name}: from a change to the last who is told`, 's', (lastAt - at) / 1_000);
      note(`${name}: processor time of a push`, 's', usageOf(pid).cpuSeconds - cpuBefore);
      await delay(500);
    }
    for (let round = 1; round <= context.rounds; round++) {
      const told = answerOf<AllTold>(watchersChild);
      const cameBackAt = Date.now();
      watchersChild.send('reconnect');
      note(
        `${name}: all leave and come back at once, until the last is told`,
        's',
        ((await told).lastAt - cameBackAt) / 1_000,
      );
      await delay(500);
    }
    note(`${name}: resident`, 'MB', usageOf(pid).residentBytes / 1e6);
    note(`${name}: resident, of each`, 'KB', (usageOf(pid).residentBytes - residentBefore) / 1e3 / watchers);
  } finally {
    await end(watchersChild);
  }
}

let works = 0;

/** Resolves when it is done, with when it was begun. */
function begunBy(child: ChildProcess, what: ServiceWork['what']): Promise<WorkBegun> {
  const id = ++works;
  return new Promise((resolve) => {
    const onMessage = (message: unknown): void => {
      const begun = message as WorkBegun;
      if (begun.id !== id) return;
      child.off('message', onMessage);
      resolve(begun);
    };
    child.on('message', onMessage);
    child.send({ id, what } satisfies ServiceWork);
  });
}

/** Seconds until a change of a setting is made. */
async function changeTaking(child: ChildProcess): Promise<number> {
  const { at } = await begunBy(child, 'change');
  return (Date.now() - at) / 1_000;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}
