/**
 * The way to a cluster: as whom, with which settings, and where its brokers are. Another credential is another way to
 * the same brokers. A connection is opened for each of a program's own, since brokers keep the order of requests by
 * connection.
 */
import { isMillraceError, type Platform } from '@millrace/base';
import { ClosedError, NoBrokerError } from '@millrace/client';
import {
  type BrokerAddress,
  type ClientSettings,
  type Connection,
  clientSettings,
  openConnection,
} from '@millrace/client/protocol';
import { type ApiVersionsResponse, apiVersions, metadata } from '@millrace/wire';
import type { ClusterIds } from '../clients/cluster-ids.ts';
import type { Target } from '../clients/target.ts';
import type { NextSide } from '../target-follower.ts';
import type { BrokerDirectory } from './broker-directory.ts';

/** What a program calls itself towards brokers. */
export interface ProgramSoftware {
  readonly clientSoftwareName: string;
  readonly clientSoftwareVersion: string;
}

export interface OpenedBroker {
  readonly connection: Connection;
  readonly versions: ApiVersionsResponse;
}

export interface ClusterRouteOptions {
  readonly target: Target;
  readonly directory: BrokerDirectory;
  /** Which brokers may be used. */
  readonly ids: Pick<ClusterIds, 'accepts'>;
  readonly platform: Platform;
  readonly frameBytesMax: number;
  /** Bootstrap servers of now. */
  readonly bootstrap: () => string;
}

export class ClusterRoute implements NextSide {
  readonly target: Target;
  readonly directory: BrokerDirectory;
  readonly #settings: ClientSettings;
  readonly #abort = new AbortController();
  #looking: Promise<void> | undefined;

  /** @throws InvalidOptionError */
  constructor({ target, directory, ids, platform, frameBytesMax, bootstrap }: ClusterRouteOptions) {
    this.target = target;
    this.directory = directory;
    const { name, incarnation = 0 } = target.cluster;
    const acceptsCluster = (id: string): boolean => ids.accepts(name, incarnation, id);
    this.#settings = clientSettings({ ...target.client, bootstrap, platform, frameBytesMax, acceptsCluster });
  }

  /** Rejects with what is in the way of a login and a first answer. */
  async reach(signal: AbortSignal): Promise<void> {
    await this.#look(AbortSignal.any([signal, this.#abort.signal]));
  }

  /** What may be told of a broker before there is a connection to it. Rejects as `reach`. */
  async versions(nodeId: number | undefined): Promise<ApiVersionsResponse> {
    const known = this.directory.versions(nodeId);
    if (known !== undefined) return known;
    await this.#lookTogether();
    return this.directory.versions(nodeId) as ApiVersionsResponse;
  }

  /**
   * A connection to a broker, logged in; to any where none is named, or where the cluster has it no more: who asks
   * there learns of the others. Rejects with `ConnectError`, `ConnectionLostError`, `AuthenticationError`,
   * `NoBrokerError`, the signal's reason.
   */
  async open(nodeId: number | undefined, software: ProgramSoftware, signal: AbortSignal): Promise<OpenedBroker> {
    const scope = AbortSignal.any([signal, this.#abort.signal]);
    const connection = await this.#connect(nodeId, scope);
    try {
      const versions = await connection.request(apiVersions, software);
      this.directory.learnVersions(nodeId, versions);
      return { connection, versions };
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Gives up what is being opened; connections that were handed out stay. */
  async close(): Promise<void> {
    this.#abort.abort(new ClosedError('client'));
    await this.#looking?.catch(() => undefined);
  }

  async #connect(nodeId: number | undefined, signal: AbortSignal): Promise<Connection> {
    if (nodeId === undefined) return this.#connectToAny(signal);
    const before = this.directory.address(nodeId);
    if (before !== undefined) {
      try {
        return await this.#connectTo(before, nodeId, signal);
      } catch (error) {
        if (signal.aborted || !isMillraceError(error) || !error.retriable) throw error;
        await this.#lookTogether();
        const now = this.directory.address(nodeId);
        if (now !== undefined && now.host === before.host && now.port === before.port) throw error;
      }
    }
    const now = this.directory.address(nodeId);
    return now === undefined ? this.#connectToAny(signal) : this.#connectTo(now, nodeId, signal);
  }

  async #connectToAny(signal: AbortSignal): Promise<Connection> {
    const { clock } = this.#settings.platform;
    const startedAt = clock.monotonic();
    const errors: Error[] = [];
    // What the service says is newer than what was seen.
    const addresses = [...this.#shuffled(this.#settings.bootstrap()), ...this.#shuffled(this.directory.addresses)];
    for (const address of addresses) {
      try {
        return await this.#connectTo(address, undefined, signal);
      } catch (error) {
        // A login that is refused here is refused elsewhere too, and each try counts towards locking the user out.
        if (signal.aborted || !isMillraceError(error) || isMillraceError(error, 'authentication_failed')) throw error;
        errors.push(error);
      }
    }
    const asked = addresses.map(({ host, port }) => `${host}:${port}`);
    throw new NoBrokerError(asked, Math.round(clock.monotonic() - startedAt), errors);
  }

  #connectTo(address: BrokerAddress, nodeId: number | undefined, signal: AbortSignal): Promise<Connection> {
    return openConnection({ ...this.#settings, ...address, nodeId, signal });
  }

  /** All that wait for it look once. */
  #lookTogether(): Promise<void> {
    this.#looking ??= this.#look(this.#abort.signal).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const connection = await this.#connectToAny(signal);
    try {
      const [versions, { brokers }] = await Promise.all([
        connection.request(apiVersions, { clientSoftwareName: 'millrace-sidecar', clientSoftwareVersion: '0.1.0' }),
        connection.request(metadata, { topics: [] }),
      ]);
      this.directory.learnVersions(undefined, versions);
      this.directory.learn(brokers, true);
    } finally {
      connection.close();
    }
  }

  #shuffled(addresses: readonly BrokerAddress[]): BrokerAddress[] {
    const { randomness } = this.#settings.platform;
    const left = [...addresses];
    return addresses.map(() => left.splice(randomness.integer(left.length), 1)[0] as BrokerAddress);
  }
}
