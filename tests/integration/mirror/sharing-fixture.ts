/** Workers of one mirror, in this process and in others, and what befalls them. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Network, nodeNetwork, nodePlatform } from '@millrace/base';
import type { Client, TopicPartition } from '@millrace/client';
import { noIdentity, openCluster, transactionRequests } from '@millrace/client/protocol';
import type { Mirror, MirrorOptions } from '@millrace/mirror';
import { breakableNetwork } from '../client/breakable-network.ts';
import { quick, until } from '../client/client-fixture.ts';
import { forGood } from './behaviours.ts';
import type { MirrorFixture } from './mirror-fixture.ts';

export const partitions = 8;
/** As many as partitions, so that each partition is a shard of its own. */
export const shards = 8;
export const heartbeatIntervalMs = 100;

/** Writes until it is told to stop. */
export class Filling {
  readonly #client: Client;
  readonly #topic: string;
  readonly #chosen: readonly number[];
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(client: Client, topic: string, chosen = Array.from({ length: partitions }, (_, index) => index)) {
    this.#client = client;
    this.#topic = topic;
    this.#chosen = chosen;
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    await using producer = this.#client.producer({ batchBytesMax: 1_000 });
    for (let n = 0; !this.#isStopped; n++) {
      for (const partition of this.#chosen) {
        const record = { topic: this.#topic, partition, key: `k${n}`, value: `value ${n}`, timestamp: 1e12 + n };
        if (!producer.write(record)) await producer.ready();
      }
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await producer.flush();
  }
}

/** All partitions are spread over the workers, and copied where they are said to be. */
export async function untilShared(workers: readonly Mirror[], timeoutMs = 60_000): Promise<void> {
  await until(() => {
    const places = workers.flatMap((worker) => worker.status().map(({ partition }) => partition));
    const isOpen = workers.every((worker) => worker.status().length === worker.assignedPartitions);
    return isOpen && places.length === partitions && new Set(places).size === partitions;
  }, timeoutMs);
}

export function assignedTo(worker: Mirror): number {
  return worker.assignedPartitions;
}

export async function copied(worker: Mirror): Promise<void> {
  await until(() => worker.status().some(({ recordsCopied }) => recordsCopied > 0), 30_000);
}

export async function startShared(
  fixture: MirrorFixture,
  count: number,
): Promise<{ topic: string; workers: Mirror[] }> {
  const topic = await fixture.source.createTopic(partitions, forGood);
  const workers: Mirror[] = [];
  for (let index = 0; index < count; index++) workers.push(await fixture.mirror([topic], { shards }));
  await untilShared(workers);
  return { topic, workers };
}

const program = fileURLToPath(new URL('./mirror-process.ts', import.meta.url));

/** A worker in a process of its own; resolves when it has its share. */
export async function startWorker(
  t: TestContext,
  { source, target }: MirrorFixture,
  options: Omit<MirrorOptions, 'source' | 'target'>,
): Promise<ChildProcess> {
  const sides = {
    source: { bootstrap: source.bootstrap, ...quick },
    target: { bootstrap: target.bootstrap, ...quick },
  };
  const child = fork(program, [JSON.stringify({ ...options, ...sides })], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [printed] = await Promise.race([once(child.stdout as Readable, 'data'), once(child, 'exit')]);
  assert.equal(`${printed}`, 'ready\n');
  return child;
}

export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Begins another epoch of a shard's transactional id, as a worker does that opens it, and marks it in its journal. */
export async function takeOver({ target }: MirrorFixture, journal: TopicPartition): Promise<void> {
  const { client, cluster } = openCluster({ bootstrap: target.bootstrap, ...quick });
  const { init, addPartitions, end } = transactionRequests;
  const transactionalId = `${journal.topic}.${journal.partition}`;
  try {
    await cluster.retrying({ timeoutMs: 30_000 }, async (timeoutMs) => {
      const node = await cluster.findCoordinator(transactionalId, 'transactional id', timeoutMs);
      const connection = await cluster.pool.connect(node);
      const identity = await init(connection, transactionalId, 60_000, noIdentity, timeoutMs);
      await addPartitions(connection, { transactionalId, identity }, [journal], timeoutMs);
      await end(connection, { transactionalId, identity }, true, false, timeoutMs);
    });
  } finally {
    await client.close();
  }
}

/** The machine's network; while it is cut nothing comes from a broker and no connection can be opened. */
export function cuttableNetwork(): { platform: typeof nodePlatform; cut: () => void; heal: () => void } {
  const breakable = breakableNetwork();
  let isCut = false;
  const network: Network = {
    listen: (options, onConnection) => nodeNetwork.listen(options, onConnection),
    connect(options) {
      return breakable.platform.network.connect(isCut ? { ...options, host: '127.0.0.1', port: 1 } : options);
    },
  };
  return {
    platform: { ...nodePlatform, network },
    cut() {
      isCut = true;
      breakable.deafen();
    },
    heal() {
      isCut = false;
      breakable.breakAll();
    },
  };
}
