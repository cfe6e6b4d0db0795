/**
 * Plain clients, one for each way to a cluster (address apart), shared by all that go that way. Where their bootstrap
 * servers change they go on with the new ones, those too that only finish what they hold.
 */
import type { Platform } from '@millrace/base';
import { type Client, createClient } from '@millrace/client';
import type { Report } from '../report.ts';
import type { ClusterIds } from './cluster-ids.ts';
import { clusterKey, type Target } from './target.ts';

interface Shared {
  readonly client: Client;
  users: number;
}

/** A share in a client. Whoever has it gives it back once. */
export interface ClientLease {
  readonly client: Client;
  release(): Promise<void>;
}

export class ClusterClients {
  readonly #platform: Platform | undefined;
  readonly #report: Report;
  readonly #shared = new Map<string, Shared>();
  readonly #ids: Pick<ClusterIds, 'accepts'> | undefined;
  /** The newest bootstrap servers by cluster. */
  readonly #bootstraps = new Map<string, string>();

  /** `ids`: which brokers may be used; without them any. */
  constructor(platform: Platform | undefined, report: Report, ids?: Pick<ClusterIds, 'accepts'>) {
    this.#platform = platform;
    this.#report = report;
    this.#ids = ids;
  }

  acquire(target: Target): ClientLease {
    this.learn(target);
    const { connections, client: options, cluster } = target;
    let shared = this.#shared.get(connections);
    if (shared === undefined) {
      const { name, incarnation = 0 } = cluster;
      const bootstrap = (): string => this.#bootstraps.get(clusterKey(cluster)) as string;
      const ids = this.#ids;
      const acceptsCluster = ids && ((id: string) => ids.accepts(name, incarnation, id));
      const common = { bootstrap, acceptsCluster, platform: this.#platform, report: this.#report };
      const client = createClient({ ...options, ...common });
      shared = { client, users: 0 };
      this.#shared.set(connections, shared);
    }
    shared.users++;
    return this.#lease(connections, shared);
  }

  /** Where the cluster is to be found from now on. */
  learn({ cluster, bootstrap }: Pick<Target, 'cluster' | 'bootstrap'>): void {
    this.#bootstraps.set(clusterKey(cluster), bootstrap);
  }

  #lease(connections: string, shared: Shared): ClientLease {
    let isGiven = true;
    return {
      client: shared.client,
      release: async () => {
        if (!isGiven) return;
        isGiven = false;
        if (--shared.users > 0) return;
        this.#shared.delete(connections);
        await shared.client.close();
      },
    };
  }
}
