/** Workers of one mirror share its partitions, and hand them to each other while there is something to copy. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Network, nodeNetwork, nodePlatform } from '@millrace/base';
import type { Client, TopicPartition } from '@millrace/client';
import { noIdentity, openCluster, transactionRequests } from '@millrace/client/protocol';
import type { Mirror, MirrorOptions } from '@millrace/mirror';
import { breakableNetwork } from '../client/breakable-network.ts';
import { quick, until } from '../client/client-fixture.ts';
import { fill, forGood } from './behaviours.ts';
import { assertMirrored, type MirrorFixture, startMirrorFixture } from './mirror-fixture.ts';

const partitions = 8;
/** As many as partitions, so that each partition is a shard of its own. */
const shards = partitions;
const heartbeatIntervalMs = 100;

/** Writes until it is told to stop. */
class Filling {
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
async function untilShared(workers: readonly Mirror[], timeoutMs = 60_000): Promise<void> {
  await until(() => {
    const places = workers.flatMap((worker) => worker.status().map(({ partition }) => partition));
    const isOpen = workers.every((worker) => worker.status().length === worker.assignedPartitions);
    return isOpen && places.length === partitions && new Set(places).size === partitions;
  }, timeoutMs);
}

function assignedTo(worker: Mirror): number {
  return worker.assignedPartitions;
}

async function copied(worker: Mirror): Promise<void> {
  await until(() => worker.status().some(({ recordsCopied }) => recordsCopied > 0), 30_000);
}

async function startShared(fixture: MirrorFixture, count: number): Promise<{ topic: string; workers: Mirror[] }> {
  const topic = await fixture.source.createTopic(partitions, forGood);
  const workers: Mirror[] = [];
  for (let index = 0; index < count; index++) workers.push(await fixture.mirror([topic], { shards }));
  await untilShared(workers);
  return { topic, workers };
}

test('two workers have half of the partitions each, and both copy', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 2);
  assert.deepEqual(workers.map(assignedTo), [partitions / 2, partitions / 2]);
  assert.deepEqual(
    workers.map((worker) => worker.partitions),
    [partitions, partitions],
  );
  await fill(fixture.source.client, { topic, partitions, first: 0, count: 4_000 });
  for (const worker of workers) await copied(worker);
  await assertMirrored(fixture, topic, partitions);
});

test('workers come and go while a producer writes, and the target is exact', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(partitions, forGood);
  const filling = new Filling(fixture.source.client, topic);
  const workers: Mirror[] = [];
  for (let round = 0; round < 6; round++) {
    workers.push(await fixture.mirror([topic], { shards }));
    if (workers.length > 3) await workers.splice(round % 3, 1)[0]?.close();
    await untilShared(workers);
    for (const worker of workers) await copied(worker);
  }
  // All leave, and one comes back.
  await Promise.all(workers.map((worker) => worker.close()));
  await untilShared([await fixture.mirror([topic], { shards })]);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
  assert.deepEqual(
    fixture.events.filter(({ event }) => event === 'shard_lost' || event === 'sharing_failed'),
    [],
  );
});

test('what a killed worker copied goes to the others, with nothing missing or repeated', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 1);
  const [worker] = workers as [Mirror];
  const filling = new Filling(fixture.source.client, topic);
  const other = await startWorker(t, fixture, { name: worker.name, topics: [topic], shards });
  await until(() => worker.assignedPartitions === partitions / 2, 60_000);
  await kill(other);
  await untilShared([worker]);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a named worker that is killed and started again goes on at once with what it had', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(partitions, forGood);
  // Whoever had to wait for the others to miss it would wait longer than this test does.
  const options = {
    name: 'named',
    topics: [topic],
    shards,
    sharing: { sessionTimeoutMs: 300_000, heartbeatIntervalMs },
  };
  const start = (): Promise<ChildProcess> => startWorker(t, fixture, { ...options, worker: 'b' });
  let named = await start();
  const worker = await fixture.mirror([topic], options);
  await until(() => worker.assignedPartitions === partitions / 2, 60_000);
  const filling = new Filling(fixture.source.client, topic);
  for (let round = 0; round < 3; round++) {
    await copied(worker);
    await kill(named);
    named = await start();
  }
  assert.equal(worker.assignedPartitions, partitions / 2);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a worker that was cut off from its target writes no more, and shares again when it is back', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 1);
  const { platform, cut, heal } = cuttableNetwork();
  t.after(heal);
  const target = { bootstrap: fixture.target.bootstrap, ...quick, requestTimeoutMs: 2_000, platform };
  const islander = await fixture.mirror([topic], { shards, target });
  await untilShared([...workers, islander]);
  const filling = new Filling(fixture.source.client, topic);
  await copied(islander);
  const lost = islander.assignedPartitions;
  cut();
  await untilShared(workers);
  // As far as it knows.
  assert.equal(islander.assignedPartitions, lost);
  // What it tried to write meanwhile is refused, if it still tries.
  heal();
  await untilShared([...workers, islander]);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a worker that is fenced by somebody whom the group does not know asks the group, and goes on', async (t) => {
  const fixture = await startMirrorFixture(t);
  const { topic, workers } = await startShared(fixture, 2);
  const filling = new Filling(fixture.source.client, topic);
  for (const worker of workers) await copied(worker);
  const fenced = Array.from({ length: shards / 2 }, (_, index) => 2 * index);
  for (const shard of fenced) {
    await takeOver(fixture, { topic: `millrace.offsets.${workers[0]?.name}`, partition: shard });
  }
  const isLost = (shard: number): boolean =>
    fixture.events.some(({ event, message }) => event === 'shard_lost' && message.startsWith(`shard ${shard} `));
  await until(() => fenced.every(isLost), 60_000);
  await untilShared(workers);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('partitions move to where less is copied, by what is measured', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(partitions, forGood);
  const sharing = { heartbeatIntervalMs, rebalanceIntervalMs: 1_000 };
  const workers = [
    await fixture.mirror([topic], { shards, sharing }),
    await fixture.mirror([topic], { shards, sharing }),
  ];
  await untilShared(workers);
  const [idle, busy] = workers as [Mirror, Mirror];
  const heavy = busy.status().map(({ partition }) => partition);
  const filling = new Filling(fixture.source.client, topic, heavy);
  // All that is busy lies with one worker, until half of it has moved.
  await until(() => idle.status().filter(({ partition }) => heavy.includes(partition)).length === 2, 60_000);
  await filling.stop();
  await assertMirrored(fixture, topic, partitions);
});

test('a worker without a share says so once, and takes over when another ends', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(1, forGood);
  const first = await fixture.mirror([topic]);
  const second = await fixture.mirror([topic]);
  const third = await fixture.mirror([topic]);
  await until(() => first.assignedPartitions === 1);
  assert.deepEqual([second.assignedPartitions, third.assignedPartitions], [0, 0]);
  assert.equal(fixture.events.filter(({ event }) => event === 'worker_idle').length, 2);
  await first.close();
  await until(() => second.assignedPartitions + third.assignedPartitions === 1);
  await fill(fixture.source.client, { topic, partitions: 1, first: 0, count: 100 });
  await assertMirrored(fixture, topic, 1);
});

test('a mirror whose group is used by something else does not start, and says why', async (t) => {
  const fixture = await startMirrorFixture(t);
  const topic = await fixture.source.createTopic(1, forGood);
  const read = await fixture.target.createTopic(1);
  await using consumer = fixture.target.client.consumer({ topics: [read], group: 'millrace.mirror.taken' });
  await using admin = fixture.target.connect().admin();
  const iterator = consumer[Symbol.asyncIterator]();
  const reading = iterator.next();
  reading.catch(() => undefined);
  await until(async () => (await admin.listGroups()).some(({ group }) => group === 'millrace.mirror.taken'));
  await assert.rejects(fixture.mirror([topic], { name: 'taken' }), /something else is in it; end that, or give the/);
});

/** Begins another epoch of a shard's transactional id, as a worker does that opens it, and marks it in its journal. */
async function takeOver({ target }: MirrorFixture, journal: TopicPartition): Promise<void> {
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

const program = fileURLToPath(new URL('./mirror-process.ts', import.meta.url));

/** A worker in a process of its own; resolves when it has its share. */
async function startWorker(
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

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The machine's network; while it is cut nothing comes from a broker and no connection can be opened. */
function cuttableNetwork(): { platform: typeof nodePlatform; cut: () => void; heal: () => void } {
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
