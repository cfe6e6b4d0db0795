/**
 * Runs the mirrors that are declared. Each has a worker in one process of the control plane, the one that holds its
 * lease: so a process that dies is followed when its leases have run out, and one that closes at once.
 *
 * The lease says who should run a mirror, and nothing depends on it: workers of a mirror share its partitions, and
 * each record is copied once whoever they are. So a process that can't reach the database goes on copying, until it
 * sees that another has taken over.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Mirror, Spec } from '@millrace/api/declared';
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import { type MirrorEvent, type Mirror as RunningMirror, startMirror } from '@millrace/mirror';
import type { Kysely } from 'kysely';
import type { ProtocolClusters } from '../clusters/fleet-clusters.ts';
import { databaseError } from '../database/database-error.ts';
import { type Lease, type LeaseTerm, takeLease } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';
import type { DeclaredFleet, FleetRecord } from '../record/record.ts';
import { mirrorOptions } from './mirror-options.ts';
import { MirrorRun } from './mirror-run.ts';
import { type MirrorStore, mirrorLeases } from './mirror-store.ts';

export interface MirrorRunnerOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly record: Pick<FleetRecord, 'current' | 'onChange'>;
  readonly clusters: Pick<ProtocolClusters, 'clientOptions'>;
  readonly store: MirrorStore;
  /** This process, by a name that no other has. */
  readonly holder: string;
  readonly report: (message: string) => void;
  /** A process that is gone is followed within this and a second. Default 5,000. */
  readonly leaseMs?: number | undefined;
  /** How often a mirror's figures are told. Default 2,000. */
  readonly statusMs?: number | undefined;
}

/** What is to run: the mirror, and how its clusters are declared. */
interface Wanted {
  readonly spec: Mirror;
  readonly ends: readonly unknown[];
}

/** A mirror that this process runs. */
interface Running {
  wanted: Wanted;
  readonly run: MirrorRun;
  /** Aborts when it is to end here. */
  readonly stop: AbortController;
  /** Whether this process holds its lease, or takes it now. */
  isHeld: boolean;
  ended: Promise<void>;
}

const leaseMsDefault = 5_000;
const statusMsDefault = 2_000;
const lookMs = 1_000;

/** Runs from its making until it is closed. */
export class MirrorRunner implements AsyncDisposable {
  readonly #options: MirrorRunnerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Running>();
  readonly #unsubscribe: () => void;
  readonly #looking: Promise<void>;
  #wanted: ReadonlyMap<string, Wanted> = new Map();
  #wake = Promise.withResolvers<void>();

  constructor(options: MirrorRunnerOptions) {
    this.#options = options;
    this.#wanted = wantedIn(options.record.current());
    this.#unsubscribe = options.record.onChange((fleet) => {
      this.#wanted = wantedIn(fleet);
      this.#wake.resolve();
    });
    this.#looking = this.#look();
  }

  /** Ends what runs here, for another process or a later start to go on with. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    this.#wake.resolve();
    await this.#looking;
    for (const [name, running] of this.#running) this.#end(name, running);
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #look(): Promise<void> {
    const { platform, report } = this.#options;
    let told = '';
    while (!this.#stop.signal.aborted) {
      this.#endWhatIsOver();
      try {
        await this.#takeWhatIsFree();
        told = '';
      } catch (error) {
        const sentence = sentenceOf(error, 'mirrors can not be looked for');
        if (sentence !== told) report(sentence);
        told = sentence;
      }
      const timer = platform.timers.after(lookMs, () => this.#wake.resolve());
      await this.#wake.promise;
      timer.cancel();
      this.#wake = Promise.withResolvers();
    }
  }

  /** What is declared in another way, or not any more. */
  #endWhatIsOver(): void {
    for (const [name, running] of this.#running) {
      const wanted = this.#wanted.get(name);
      if (wanted === running.wanted) continue;
      if (wanted !== undefined && isDeepStrictEqual(wanted, running.wanted)) running.wanted = wanted;
      else this.#end(name, running);
    }
  }

  async #takeWhatIsFree(): Promise<void> {
    const held = await this.#options.store.held();
    for (const [name, running] of this.#running) {
      if (running.isHeld || running.stop.signal.aborted) continue;
      // Its lease ran out while the database was away, or while this process stood still.
      if (held.has(name)) this.#end(name, running);
      else await this.#hold(name, running);
    }
    for (const [name, wanted] of this.#wanted) {
      if (this.#stop.signal.aborted) return;
      if (!this.#running.has(name) && !held.has(name)) await this.#begin(name, wanted);
    }
  }

  async #begin(name: string, wanted: Wanted): Promise<void> {
    const { platform, report } = this.#options;
    const term = await this.#leaseOf(name);
    if (term === undefined) return;
    const start = (signal: AbortSignal, told: (event: MirrorEvent) => void): Promise<RunningMirror> => {
      return this.#start(wanted.spec, signal, told);
    };
    const run = new MirrorRun({ name, platform, report, start });
    const running = { wanted, run, stop: new AbortController(), isHeld: true, ended: Promise.resolve() };
    this.#running.set(name, running);
    running.ended = this.#keep(name, running, term);
  }

  /** Takes the lease of what runs here without one. */
  async #hold(name: string, running: Running): Promise<void> {
    const term = await this.#leaseOf(name);
    if (term === undefined) return;
    running.isHeld = true;
    running.ended = this.#keep(name, running, term);
  }

  /** Who tells how it runs while the lease is held also closes it. */
  #end(name: string, running: Running): void {
    if (running.stop.signal.aborted) return;
    running.stop.abort();
    if (!running.isHeld) running.ended = this.#closed(name, running);
  }

  async #closed(name: string, { run }: Running): Promise<void> {
    await run.close();
    this.#running.delete(name);
    this.#wake.resolve();
  }

  async #leaseOf(name: string): Promise<LeaseTerm | undefined> {
    const { db, platform, holder, report, leaseMs = leaseMsDefault } = this.#options;
    const lease = { db, platform, holder, report, name: `${mirrorLeases}${name}` };
    return await takeLease({ ...lease, ttlMs: leaseMs, renewMs: leaseMs / 4 });
  }

  /** Until the mirror is to end here, or the lease is lost. */
  async #keep(name: string, running: Running, term: LeaseTerm): Promise<void> {
    try {
      await term.work((lease) => this.#tellWhileHeld(name, running, lease), new AbortController().signal);
    } catch (error) {
      if (!isMillraceError(error, 'lease_lost')) this.#options.report(sentenceOf(error, `the lease of mirror ${name}`));
    }
    running.isHeld = false;
    if (running.stop.signal.aborted) await this.#closed(name, running);
    else this.#wake.resolve();
  }

  async #tellWhileHeld(name: string, { run, stop }: Running, lease: Lease): Promise<void> {
    const { store, holder, platform, statusMs = statusMsDefault } = this.#options;
    const ends = AbortSignal.any([lease.signal, stop.signal]);
    while (!ends.aborted) {
      const { changed } = run;
      await this.#told(name, () => store.tell(lease, name, holder, run.status()));
      const late = new AbortController();
      const pause = sleep(platform.timers, statusMs, AbortSignal.any([ends, late.signal])).catch(() => undefined);
      await Promise.race([pause, changed]);
      late.abort();
    }
    if (lease.signal.aborted) return;
    // Nobody else begins before this one has written down how far it came.
    await run.close();
    await this.#told(name, () => store.forget(lease, name));
  }

  /** What is not told now is told the next time; whether the lease holds, its signal says. */
  async #told(name: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!isMillraceError(error, 'lease_lost')) this.#options.report(sentenceOf(error, `how mirror ${name} runs`));
    }
  }

  async #start(spec: Mirror, signal: AbortSignal, told: (event: MirrorEvent) => void): Promise<RunningMirror> {
    const { clusters, store, record } = this.#options;
    await store.checkBegun(spec);
    const [source, target] = await Promise.all([
      clusters.clientOptions(spec.source),
      clusters.clientOptions(spec.target),
    ]);
    const isDeclared = (topic: string): boolean => {
      return record.current().get('topic', `${spec.target}/${topic}`) !== undefined;
    };
    const options = mirrorOptions(spec, { source, target });
    const mirror = await startMirror({ ...options, report: told, signal, configuredElsewhere: isDeclared });
    try {
      await store.begin(spec);
      return mirror;
    } catch (error) {
      await mirror.close();
      throw error;
    }
  }
}

/** What is declared to run, by name. */
function wantedIn(fleet: DeclaredFleet): Map<string, Wanted> {
  const end = (name: string): unknown => {
    const { bootstrap, client }: Partial<Spec<'cluster'>> = fleet.get('cluster', name)?.spec ?? {};
    return { bootstrap, client };
  };
  return new Map(
    fleet.list('mirror').flatMap(({ id, spec: { description: _, ...spec } }): [string, Wanted][] => {
      return spec.paused === true ? [] : [[id, { spec, ends: [end(spec.source), end(spec.target)] }]];
    }),
  );
}

/** A defect is told with where it is. */
function sentenceOf(error: unknown, action: string): string {
  const told = databaseError(error, action);
  return isMillraceError(told) || !(told instanceof Error)
    ? messageOf(told)
    : `${action}: ${told.stack ?? told.message}`;
}
