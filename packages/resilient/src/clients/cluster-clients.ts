/**
 * Plain clients, one for each way to a cluster (address apart), shared by all that go that way. Where their bootstrap
 * servers change they go on with the new ones, those too that only finish what they hold.
 */
import type { Platform } from '@millrace/base';
import { type Client, createClient } from '@millrace/client';
import type { Report } from '../report.ts';
import type { Target } from './target.ts';

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
  /** The newest bootstrap servers by the cluster's name. */
  readonly #bootstraps = new Map<string, string>();

  constructor(platform: Platform | undefined, report: Report) {
    this.#platform = platform;
    this.#report = report;
  }

  acquire(target: Target): ClientLease {
    this.learn(target);
    const { connections, client: options, cluster } = target;
    let shared = this.#shared.get(connections);
    if (shared === undefined) {
      const bootstrap = (): string => this.#bootstraps.get(cluster.name) as string;
      const client = createClient({ ...options, bootstrap, platform: this.#platform, report: this.#report });
      shared = { client, users: 0 };
      this.#shared.set(connections, shared);
    }
    shared.users++;
    return this.#lease(connections, shared);
  }

  /** Where the cluster is to be found from now on. */
  learn({ cluster, bootstrap }: Pick<Target, 'cluster' | 'bootstrap'>): void {
    this.#bootstraps.set(cluster.name, bootstrap);
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
