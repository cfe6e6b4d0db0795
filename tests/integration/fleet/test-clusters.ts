/** Clusters of a test as the control plane reaches them, and an inventory that looks when it is told to. */
import { ProblemError } from '@millrace/api';
import { type Client, type ClientOptions, createClient } from '@millrace/client';
import type { IdentityOptions, ObservedUse, UseObservations } from '@millrace/fleet/identity';

type Clusters = IdentityOptions['clusters'] & IdentityOptions['inventory'];
type Observed = ReturnType<Clusters['clusters']>[number];

export class TestClusters implements Clusters, UseObservations {
  /** What is seen of the fleet from here on. */
  seen: readonly ObservedUse[] = [];
  since: Date | undefined;
  readonly #options = new Map<string, ClientOptions>();
  readonly #clients = new Map<string, Client>();
  readonly #observed = new Map<string, Observed>();
  readonly #failures = new Map<string, { passed: number; times: number }>();

  get names(): string[] {
    return [...this.#options.keys()];
  }

  add(name: string, options: ClientOptions): void {
    this.#options.set(name, options);
  }

  uses(): readonly ObservedUse[] {
    return this.seen;
  }

  watchedSince(): Date | undefined {
    return this.since;
  }

  /** Fails calls that need a cluster's client: some, after some that it lets pass. */
  failAfter(cluster: string, passed: number, times: number): void {
    this.#failures.set(cluster, { passed, times });
  }

  async client(name: string): Promise<Client> {
    const failure = this.#failures.get(name);
    if (failure !== undefined && failure.passed-- <= 0 && failure.times-- > 0) {
      throw new ProblemError('unavailable', `${name} is away`);
    }
    const options = this.#options.get(name);
    if (options === undefined) throw new Error(`there is no cluster ${name}`);
    const client = this.#clients.get(name) ?? createClient(options);
    this.#clients.set(name, client);
    return client;
  }

  /** Brings what is known of the clusters up to date. */
  async look(): Promise<void> {
    for (const name of this.names) {
      const admin = (await this.client(name)).admin();
      const [{ brokers, clusterId, controllerId }, topics, acls] = await Promise.all([
        admin.describeCluster(),
        admin.listTopics(),
        admin.describeAcls(),
      ]);
      const seen = { name, observedAt: new Date(), stale: false, clusterId, controllerId, brokers, acls };
      const known = new Map(topics.map(({ topic }) => [topic, { name: topic }]));
      // Identities look at the names of topics alone.
      this.#observed.set(name, { ...seen, topics: known, groups: new Map() } as unknown as Observed);
    }
  }

  clusters(): Observed[] {
    return [...this.#observed.values()];
  }

  cluster(name: string): Observed | undefined {
    return this.#observed.get(name);
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await client.close();
  }
}
