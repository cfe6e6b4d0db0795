/**
 * The inventory in memory. One process at a time looks at the clusters and writes what it sees; the others follow what
 * it wrote. Each starts from the last known state.
 *
 * What could not be written is written with the next look: a database that is away holds up no look, and no change is
 * lost while this process lives.
 */
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { ProtocolClusters } from '../clusters/fleet-clusters.ts';
import { UnknownClusterError } from '../clusters/unknown-cluster-error.ts';
import { databaseError, LeaseLostError } from '../database/database-error.ts';
import { type Lease, whileLeading } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';
import type { Inventory, ObservedCluster } from './inventory.ts';
import { ClusterWatch, type Pace, paceDefault } from './refresh/cluster-watch.ts';
import { changesBetween } from './state/changes.ts';
import type { KnownCluster } from './state/known-cluster.ts';
import { ObservedStore, type Stored, type TimedChange } from './store/observed-store.ts';

export interface InventoryOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly clusters: ProtocolClusters;
  /** This process, by a name that no other has. */
  readonly holder: string;
  /** Told what went wrong in the background, as a sentence. */
  readonly report: (message: string) => void;
  readonly pace?: Partial<Pace> | undefined;
  /** How long a process that is gone may hold the lease. Default 6 s. */
  readonly leaseTtlMs?: number | undefined;
  /** How soon those who follow know. Default 2 s. */
  readonly followMs?: number | undefined;
}

/** What is done beside looking, by the process that looks. */
export interface InventoryCompanion {
  /** After each look. What it throws is reported. */
  onLooked(lease: Lease, look: Look): Promise<void>;
  /** When this process stops looking. */
  onEnd(lease: Lease): Promise<void>;
}

export interface Look {
  readonly cluster: ObservedCluster;
  readonly changes: readonly TimedChange[];
  /** When it ended, in ms since 1970, and how long it took. */
  readonly at: number;
  readonly tookMs: number;
}

/** Looks at one cluster, until they are stopped. */
interface Run {
  /** As it was declared when they began. */
  readonly spec: unknown;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** A look is overdue after so many paces. */
const overduePaces = 6;
const tickMs = 1_000;
const leaseName = 'inventory';
const leaseTtlMsDefault = 6_000;
/** In the time that a lease is held without one. */
const renewals = 4;
const pendingMax = 100_000;

export class LiveInventory implements Inventory, AsyncDisposable {
  readonly #options: InventoryOptions;
  readonly #pace: Pace;
  readonly #store: ObservedStore;
  readonly #watches = new Map<string, ClusterWatch>();
  readonly #companions: InventoryCompanion[] = [];
  readonly #stop = new AbortController();
  /** Changes that are not written yet, by cluster. */
  readonly #pending = new Map<string, TimedChange[]>();
  /** What the database had when it was last read. */
  #held = new Map<string, Stored>();
  #lease: Lease | undefined;
  #revision = 0;
  #running: Promise<unknown> = Promise.resolve();
  /** What went wrong with the database last, told once. */
  #told = '';

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#pace = { ...paceDefault, ...options.pace };
    this.#store = new ObservedStore(options.db);
  }

  get revision(): number {
    return this.#revision;
  }

  /** Whether this process is the one that looks. */
  get isLeading(): boolean {
    return this.#lease !== undefined && !this.#lease.signal.aborted;
  }

  clusters(): readonly ObservedCluster[] {
    return this.#options.clusters.names.map((name) => this.#aged(this.#watch(name).known.observed));
  }

  cluster(name: string): ObservedCluster | undefined {
    if (this.#options.clusters.declared(name) === undefined) return undefined;
    return this.#aged(this.#watch(name).known.observed);
  }

  async refresh(name: string, signal: AbortSignal = this.#stop.signal): Promise<ObservedCluster> {
    if (this.#options.clusters.declared(name) === undefined) throw new UnknownClusterError(name);
    return this.#watch(name).look(true, signal);
  }

  /** Tells of looks from now on. */
  accompany(companion: InventoryCompanion): void {
    this.#companions.push(companion);
  }

  /** Reads the last known state, then looks or follows until it is closed. */
  async open(): Promise<void> {
    await this.#follow();
    const { db, platform, holder, report, leaseTtlMs = leaseTtlMsDefault } = this.#options;
    const { signal } = this.#stop;
    const lease = { db, platform, name: leaseName, holder, report, ttlMs: leaseTtlMs, renewMs: leaseTtlMs / renewals };
    this.#running = Promise.all([whileLeading(lease, (held) => this.#lead(held), signal), this.#keepFollowing(signal)]);
    // Whoever closes hears of it; until then it is a defect that ends the process.
    this.#running.catch((error: unknown) => {
      if (!signal.aborted) queueMicrotask(() => Promise.reject(error));
    });
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the inventory is closed'));
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #watch(name: string): ClusterWatch {
    const known = this.#watches.get(name);
    if (known !== undefined) return known;
    const { clusters, platform } = this.#options;
    const watch = new ClusterWatch({
      name,
      clusters,
      platform,
      pace: this.#pace,
      onLooked: (before, after, tookMs) => this.#looked(before, after, tookMs),
    });
    this.#watches.set(name, watch);
    return watch;
  }

  /** Stale is also what nobody has looked at for long. */
  #aged(observed: ObservedCluster): ObservedCluster {
    if (observed.stale || observed.observedAt === null) return observed;
    const overdueMs = this.#pace.everyMs * overduePaces + this.#pace.timeoutMs * 2;
    const ageMs = this.#options.platform.clock.now() - observed.observedAt.getTime();
    return ageMs <= overdueMs ? observed : { ...observed, stale: true };
  }

  async #keepFollowing(signal: AbortSignal): Promise<void> {
    const { platform, followMs = 2_000 } = this.#options;
    while (!signal.aborted) {
      await sleep(platform.timers, followMs, signal).catch(() => undefined);
      if (!signal.aborted && !this.isLeading) await this.#withDatabase('read the inventory', () => this.#follow());
    }
  }

  /** Takes over what is newer in the database. */
  async #follow(): Promise<void> {
    const read = await this.#store.read(this.#held);
    // Who has begun to look meanwhile knows better.
    if (this.isLeading) return;
    for (const [name, stored] of read) {
      this.#held.set(name, stored);
      const watch = this.#watch(name);
      const seenAt = watch.known.observed.observedAt?.getTime() ?? 0;
      // What this process saw itself may be newer.
      if ((stored.known.observed.observedAt?.getTime() ?? 0) < seenAt) continue;
      watch.replace(stored.known);
      this.#revision++;
    }
  }

  async #lead(lease: Lease): Promise<void> {
    const { clusters, platform } = this.#options;
    await this.#follow();
    this.#store.begin(this.#held);
    this.#held = new Map();
    this.#lease = lease;
    const runs = new Map<string, Run>();
    try {
      let told = { revision: this.#revision, at: platform.clock.monotonic() };
      while (!lease.signal.aborted) {
        this.#runThose(clusters.names, runs, lease);
        const now = platform.clock.monotonic();
        if (this.#revision !== told.revision && now - told.at >= this.#pace.everyMs) {
          told = { revision: this.#revision, at: now };
          await this.#withDatabase('tell of the inventory', () => this.#store.tellRefreshed(lease));
        }
        await sleep(platform.timers, tickMs, lease.signal).catch(() => undefined);
      }
    } finally {
      for (const { stop } of runs.values()) stop.abort(lease.signal.reason);
      await Promise.all([...runs.values()].map(({ done }) => done));
      for (const companion of this.#companions) {
        await this.#withDatabase('end the work of the inventory', () => companion.onEnd(lease));
      }
      this.#lease = undefined;
    }
  }

  /** Begins to look at clusters that are new or declared in another way, and ends that of those which are gone. */
  #runThose(names: readonly string[], runs: Map<string, Run>, lease: Lease): void {
    for (const [name, { spec, stop }] of runs) {
      if (this.#options.clusters.declared(name) === spec) continue;
      stop.abort(new Error(`cluster ${name} is declared in another way, or not any more`));
      runs.delete(name);
    }
    for (const name of names) {
      if (runs.has(name)) continue;
      const stop = new AbortController();
      const done = this.#watch(name).run(AbortSignal.any([lease.signal, stop.signal]));
      runs.set(name, { spec: this.#options.clusters.declared(name), stop, done });
    }
    if (this.#watches.size === names.length) return;
    for (const name of this.#watches.keys()) if (!names.includes(name)) this.#watches.delete(name);
    void this.#withDatabase('forget clusters', () => this.#store.keepOnly(lease, names));
  }

  async #looked(before: KnownCluster, after: KnownCluster, tookMs: number): Promise<void> {
    this.#revision++;
    const lease = this.#lease;
    if (lease === undefined || lease.signal.aborted) return;
    const { name } = after.observed;
    const at = this.#options.platform.clock.now();
    const found = changesBetween(before.observed, after.observed).map((change) => ({ ...change, at: new Date(at) }));
    const pending = [...(this.#pending.get(name) ?? []), ...found].slice(-pendingMax);
    this.#pending.set(name, pending);
    await this.#withDatabase(`write what was seen of cluster ${name}`, async () => {
      await this.#store.write(lease, after, new Date(at), pending);
      this.#pending.delete(name);
      const look = { cluster: after.observed, changes: pending, at, tookMs };
      for (const companion of this.#companions) await companion.onLooked(lease, look);
    });
  }

  /** Reports what goes wrong, once for as long as the same does. */
  async #withDatabase(action: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#told = '';
    } catch (error) {
      const told = databaseError(error, action);
      if (told instanceof LeaseLostError) return;
      if (!isMillraceError(told)) throw told;
      if (this.#told === '') this.#options.report(`${messageOf(told)}; trying again`);
      this.#told = messageOf(told);
    }
  }
}
