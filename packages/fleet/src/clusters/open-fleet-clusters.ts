/**
 * The clients of the clusters that the record declares. A cluster that runs in this process is reached as its engine
 * says, all others as their declaration does, with its references to secrets resolved when its client is opened.
 *
 * When a declaration changes, or goes, its client is closed, and what was under way with it fails as with a connection
 * that is lost; the next call opens another.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Spec } from '@millrace/api/declared';
import { messageOf } from '@millrace/base';
import type { Client, ClientOptions } from '@millrace/client';
import { type Cluster, openCluster } from '@millrace/client/protocol';
import { clientConfiguration, type Environment, resolveReferences } from '../client-configuration/index.ts';
import type { FleetRecord } from '../record/record.ts';
import type { ProtocolClusters } from './fleet-clusters.ts';
import { UnknownClusterError } from './unknown-cluster-error.ts';

export interface FleetClustersOptions {
  readonly record: Pick<FleetRecord, 'current' | 'onChange'>;
  /** What references of the form `env:NAME` mean. */
  readonly environment: Environment;
  /** How clusters are reached that run in this process, by name: in place of what is declared. */
  readonly own?: ReadonlyMap<string, ClientOptions> | undefined;
  /** Told of clients that did not close. */
  readonly report: (message: string) => void;
}

export interface OpenFleetClusters extends ProtocolClusters, AsyncDisposable {
  close(): Promise<void>;
}

interface Opened {
  readonly spec: Spec<'cluster'>;
  readonly opening: Promise<{ readonly client: Client; readonly cluster: Cluster }>;
}

/** How the control plane calls itself to brokers. */
const clientId = 'millrace-control-plane';

export function openFleetClusters(options: FleetClustersOptions): OpenFleetClusters {
  return new DeclaredClusters(options);
}

class DeclaredClusters implements OpenFleetClusters {
  readonly #options: FleetClustersOptions;
  readonly #opened = new Map<string, Opened>();
  readonly #unsubscribe: () => void;

  constructor(options: FleetClustersOptions) {
    this.#options = options;
    this.#unsubscribe = options.record.onChange((fleet) => {
      for (const [name, opened] of this.#opened) {
        const spec = fleet.get('cluster', name)?.spec;
        if (spec === undefined || !isSameWay(opened.spec, spec)) this.#forget(name, opened);
      }
    });
  }

  get names(): readonly string[] {
    return this.#options.record
      .current()
      .list('cluster')
      .map(({ id }) => id);
  }

  declared(name: string): Spec<'cluster'> | undefined {
    return this.#options.record.current().get('cluster', name)?.spec;
  }

  async client(name: string): Promise<Client> {
    return (await this.#open(name)).client;
  }

  async cluster(name: string): Promise<Cluster> {
    return (await this.#open(name)).cluster;
  }

  async clientOptions(name: string): Promise<ClientOptions> {
    const spec = this.declared(name);
    if (spec === undefined) throw new UnknownClusterError(name);
    return await this.#optionsOf(spec);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    const all = [...this.#opened];
    this.#opened.clear();
    await Promise.all(all.map(([name, opened]) => this.#release(name, opened)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(name: string): Opened['opening'] {
    const spec = this.declared(name);
    if (spec === undefined) throw new UnknownClusterError(name);
    const known = this.#opened.get(name);
    if (known !== undefined) return known.opening;
    const opened: Opened = { spec, opening: this.#optionsOf(spec).then((options) => openCluster(options)) };
    this.#opened.set(name, opened);
    // A secret that is not there yet may be there the next time.
    opened.opening.catch(() => {
      if (this.#opened.get(name) === opened) this.#opened.delete(name);
    });
    return opened.opening;
  }

  async #optionsOf(spec: Spec<'cluster'>): Promise<ClientOptions> {
    // Topics are made as they are declared, or not at all.
    const fixed = { clientId, telemetry: false, autoCreateTopics: false };
    const own = this.#options.own?.get(spec.name);
    if (own !== undefined) return { ...own, ...fixed };
    const source = `cluster ${spec.name}`;
    const settings = Object.fromEntries(Object.entries(spec.client ?? {}).map(([key, value]) => [key, String(value)]));
    const properties = await resolveReferences(settings, this.#options.environment, source);
    const { client } = clientConfiguration(properties, source);
    return { ...client, ...fixed, bootstrap: spec.bootstrap };
  }

  #forget(name: string, opened: Opened): void {
    this.#opened.delete(name);
    void this.#release(name, opened);
  }

  async #release(name: string, { opening }: Opened): Promise<void> {
    // Whoever asked for a client that could not be made was told so.
    const opened = await opening.catch(() => undefined);
    try {
      await opened?.client.close();
    } catch (error) {
      this.#options.report(`the client of cluster ${name} did not close: ${messageOf(error)}`);
    }
  }
}

function isSameWay(one: Spec<'cluster'>, other: Spec<'cluster'>): boolean {
  return one.bootstrap === other.bootstrap && isDeepStrictEqual(one.client, other.client);
}
