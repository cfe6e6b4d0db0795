/**
 * What identities have to know of clusters and the inventory does not keep: who has a SCRAM password there, and whether
 * the cluster is so old that idempotent producers need a right of their own. Looked at now and then, each cluster on
 * its own, so that none waits for another; what can't be asked stays as it was.
 */
import { isMillraceError, messageOf, type Platform, sleep } from '@millrace/base';
import type { Admin, Client } from '@millrace/client';
import type { FleetClusters } from '../clusters/fleet-clusters.ts';

export interface ClusterFacts {
  /** When it was asked. */
  readonly observedAt: Date;
  /** Users with a SCRAM password; undefined where we may not ask. */
  readonly users?: ReadonlySet<string> | undefined;
  readonly needsIdempotentWrite: boolean;
}

export interface FactsOptions {
  readonly clusters: FleetClusters;
  readonly platform: Platform;
  readonly report: (message: string) => void;
  /** Default 60 s. */
  readonly refreshMs?: number | undefined;
}

const refreshMsDefault = 60_000;
const callMs = 10_000;
/** Runs from its making until it is closed. */
export class ClusterFactsWatch {
  readonly #options: FactsOptions;
  readonly #facts = new Map<string, ClusterFacts>();
  readonly #looking = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #revision = 0;
  readonly #running: Promise<void>;

  constructor(options: FactsOptions) {
    this.#options = options;
    this.#running = this.#watch();
  }

  /** Grows with each look. */
  get revision(): number {
    return this.#revision;
  }

  /** Undefined until it was looked at, which asking for it begins. */
  of(cluster: string): ClusterFacts | undefined {
    const known = this.#facts.get(cluster);
    if (known === undefined && this.#options.clusters.names.includes(cluster)) void this.refresh(cluster);
    return known;
  }

  /** Looks now; resolves when it has, whether the cluster could be asked or not. */
  refresh(cluster: string): Promise<void> {
    const looking = this.#looking.get(cluster) ?? this.#look(cluster).finally(() => this.#looking.delete(cluster));
    this.#looking.set(cluster, looking);
    return looking;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#looking.values());
  }

  async #watch(): Promise<void> {
    const { clusters, platform, refreshMs = refreshMsDefault } = this.#options;
    while (!this.#stop.signal.aborted) {
      const names = clusters.names;
      for (const known of this.#facts.keys()) if (!names.includes(known)) this.#facts.delete(known);
      for (const name of names) void this.refresh(name);
      await sleep(platform.timers, refreshMs, this.#stop.signal).catch(() => undefined);
    }
  }

  async #look(name: string): Promise<void> {
    const bounds = { signal: this.#stop.signal, timeoutMs: callMs };
    try {
      const observedAt = new Date(this.#options.platform.clock.now());
      const client = await this.#options.clusters.client(name);
      const admin = client.admin();
      const users = await ifAllowed(() => usersOf(admin, bounds));
      this.#revision++;
      this.#facts.set(name, { observedAt, users, needsIdempotentWrite: await isOld(client, bounds) });
    } catch (error) {
      // The inventory tells of clusters that can't be reached; here the last known state stands.
      if (isMillraceError(error) || this.#stop.signal.aborted) return;
      this.#options.report(`how ${name} is secured can't be looked at: ${messageOf(error)}`);
    }
  }
}

interface Bounds {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
}

/** Clusters of ZooKeeper, and all before 3.3, have no metadata version; those before 2.8 are among them (KIP-679). */
export async function isOld(client: Client, bounds: Bounds): Promise<boolean> {
  const { features } = await client.admin().describeFeatures(bounds);
  return !features.some(({ feature, level }) => feature === 'metadata.version' && level > 0);
}

async function usersOf(admin: Admin, bounds: Bounds): Promise<ReadonlySet<string>> {
  const listed = await admin.describeScramCredentials(undefined, bounds);
  return new Set(listed.flatMap(({ user, error }) => (error === undefined ? [user] : [])));
}

/** Undefined where the cluster does not let us, or can't. */
async function ifAllowed<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isMillraceError(error) && !error.retriable) return undefined;
    throw error;
  }
}
