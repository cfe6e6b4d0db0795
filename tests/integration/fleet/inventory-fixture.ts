/** An inventory over embedded clusters and a PostgreSQL, with its API, for the tests of a file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallInput, type Contract, callContract } from '@millrace/api';
import type { Spec } from '@millrace/api/declared';
import { ClosingStack, nodePlatform } from '@millrace/base';
import { startCluster } from '@millrace/broker';
import { type Client, createClient, unwrap } from '@millrace/client';
import { openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import type { Inventory } from '@millrace/fleet/inventory';
import type { DeclaredChange, FleetRecord } from '@millrace/fleet/record';
import { type HttpServer, startServer } from '@millrace/server';
import { eventually } from '../../support/eventually.ts';

const pace = { everyMs: 200, timeoutMs: 2_000 };
const token = 'a-token-of-tests';
export const reason = { principal: { kind: 'user', name: 'ann' }, why: 'for the test' } as const;

function startClient(bootstrap: string): Client {
  return createClient({ bootstrap, telemetry: false, retryBackoffMs: 20 });
}

/** An embedded cluster that can be stopped and started again where it was. */
export class TestCluster implements AsyncDisposable {
  readonly name: string;
  readonly client: Client;
  readonly bootstrap: string;
  readonly #directory: string;
  readonly #brokers: readonly { readonly nodeId: number; readonly port: number; readonly rack: string }[];
  #running: Awaited<ReturnType<typeof startCluster>> | undefined;

  private constructor(name: string, directory: string, running: Awaited<ReturnType<typeof startCluster>>) {
    this.name = name;
    this.#directory = directory;
    this.#running = running;
    this.bootstrap = running.bootstrap;
    this.#brokers = running.brokers.map(({ nodeId, port }) => ({ nodeId, port, rack: `rack-${nodeId}` }));
    this.client = startClient(running.bootstrap);
  }

  static async start(name: string, brokerCount = 2): Promise<TestCluster> {
    const directory = await mkdtemp(join(tmpdir(), `millrace-${name}-`));
    const brokers = Array.from({ length: brokerCount }, (_, index) => {
      return { nodeId: index + 1, port: 0, rack: `rack-${index + 1}` };
    });
    return new TestCluster(name, directory, await startCluster({ name, dataDirectory: directory, brokers }));
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
  }

  async startAgain(): Promise<void> {
    const { name } = this;
    this.#running = await startCluster({ name, dataDirectory: this.#directory, brokers: this.#brokers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export interface InventoryFixture extends AsyncDisposable {
  readonly inventory: Inventory;
  readonly record: FleetRecord;
  readonly server: HttpServer;
  readonly reports: readonly string[];
  readonly token: string;
  declare(...changes: DeclaredChange[]): Promise<void>;
  call<C extends Contract>(contract: C, input: CallInput<C>): ReturnType<typeof callContract<C>>;
}

/** The declaration of a cluster. */
export function clusterSpec(
  name: string,
  bootstrap: string,
  more: Partial<Spec<'cluster'>> = {},
): Extract<DeclaredChange, { kind: 'cluster' }> {
  return { kind: 'cluster', id: name, spec: { name, bootstrap, ...more } };
}

/** One process of a control plane over the database. */
export async function openInventoryFixture(url: string): Promise<InventoryFixture> {
  await using parts = new ClosingStack();
  const reports: string[] = [];
  const report = (message: string): void => void reports.push(message);
  const database = parts.use(await openDatabase({ url }));
  const settings = { pace, leaseTtlMs: 4_000, followMs: 50 };
  // What is seen is to come from tests alone.
  const mirrors = { runs: false };
  const plane = await openControlPlane({ database, platform: nodePlatform, report, inventory: settings, mirrors });
  const { record, inventory, routes } = parts.use(plane);
  const server = parts.use(await startServer({ port: 0, routes, token }));
  const open = parts.move();
  return {
    inventory,
    record,
    server,
    reports,
    token,
    async declare(...changes) {
      await record.change(changes, reason);
    },
    call: (contract, input) => callContract(server.url, contract, input, { token }),
    [Symbol.asyncDispose]: () => open.close(),
  };
}

export async function createTopics({ client }: TestCluster, topics: Readonly<Record<string, number>>): Promise<void> {
  const named = Object.entries(topics).map(([topic, partitions]) => ({ topic, partitions }));
  unwrap(await client.admin().createTopics(named));
}

/** Waits until the cluster has been looked at, and answered. */
export async function reached({ inventory }: InventoryFixture, name: string): Promise<void> {
  await eventually(() => inventory.cluster(name)?.stale === false, {
    describe: () => `cluster ${name}: ${inventory.cluster(name)?.problem}`,
  });
}
