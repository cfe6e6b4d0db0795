/**
 * A mirror through kill -9: idempotent and transactional producers write to the source while the two workers that share
 * the mirror and the brokers of both sides are killed at random moments and started again. One worker comes back under
 * its name, the other as a stranger, so that partitions go over from one to the other. At the end the target holds, for
 * readers of uncommitted records too, each record that is committed on the source, once and in its order, for a reader
 * of this test and for `verify`; and a group that stands at any record of the source is carried over to that very one.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Randomness, seededRandomness } from '@millrace/base';
import { type Client, createClient, unwrap } from '@millrace/client';
import { startMirror, verifyMirror } from '@millrace/mirror';
import { eventually } from '../../support/eventually.ts';
import { type Running, startMillrace } from '../../support/millrace-command.ts';
import { type ReadRecord, readPartition } from '../mirror/mirror-fixture.ts';

/** A cluster that can be killed. */
export interface KillableCluster {
  readonly bootstrap: string;
  /** Kills a broker, and starts it again after a while. */
  kill(random: Randomness): Promise<void>;
}

export interface MirrorKills {
  readonly source: KillableCluster;
  readonly target: KillableCluster;
  readonly rounds: number;
  readonly seed: number;
  /** Whether records may be repeated, but none left out, nor put out of order but by that. */
  readonly atLeastOnce?: boolean;
}

const topic = 'orders';
const partitions = 4;
const mirrorName = 'kills';
const groups = 200;
const quick = { retryBackoffMs: 20, retryBackoffMaxMs: 200 };

/** Answers what happened, in figures. */
export async function killMirror({ source, target, rounds, seed, atLeastOnce = false }: MirrorKills): Promise<string> {
  const random = seededRandomness(seed);
  await using client = createClient({ bootstrap: source.bootstrap, ...quick });
  await using targetClient = createClient({ bootstrap: target.bootstrap, ...quick });
  unwrap(await client.admin().createTopics([{ topic, partitions }]));
  const writers = [new Writer(client, false), new Writer(client, true)];
  const writing = writers.map((writer) => writer.run());
  const workers = new Workers(source, target, atLeastOnce);
  let kills = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      await sleep(100 + random.integer(1_200));
      const victim = random.integer(10);
      kills += 1;
      if (victim === 0) await source.kill(random);
      else if (victim <= 2) await target.kill(random);
      else await workers.kill(victim === 3 ? ['one', 'two'] : victim <= 6 ? ['one'] : ['two']);
    }
    for (const writer of writers) writer.stop();
    await Promise.all(writing);
    await untilDecided(client);
    const copied = await assertEqual(client, targetClient, workers, atLeastOnce);
    await workers.close();
    // What is repeated differs for it.
    if (!atLeastOnce) await assertVerified(source.bootstrap, target.bootstrap, copied);
    await assertGroupsExact(source.bootstrap, target.bootstrap, random, atLeastOnce);
    return `${kills} kills; ${copied} records copied of ${writers.map(({ written }) => written).join(' and ')} written`;
  } finally {
    for (const writer of writers) writer.stop();
    await workers.end();
    await Promise.allSettled(writing);
  }
}

type WorkerName = 'one' | 'two';

/** The processes that share the mirror. */
class Workers {
  readonly #words: readonly string[];
  readonly #running: Record<WorkerName, Running>;
  #isOver = false;

  constructor(source: KillableCluster, target: KillableCluster, atLeastOnce: boolean) {
    const sides = ['--source', source.bootstrap, '--target', target.bootstrap];
    this.#words = [...sides, '--topics', topic, '--name', mirrorName, ...(atLeastOnce ? ['--at-least-once'] : [])];
    this.#running = { one: this.#start('one'), two: this.#start('two') };
  }

  /** Kills workers at one moment, and starts them again. */
  async kill(names: readonly WorkerName[]): Promise<void> {
    for (const name of names) this.#running[name].child.kill('SIGKILL');
    for (const name of names) {
      await this.#running[name].ended;
      this.#running[name] = this.#start(name);
    }
  }

  complained(): string {
    return Object.values(this.#running)
      .map((worker) => worker.complained())
      .join('\n');
  }

  /** Ends them as an operator does. */
  async close(): Promise<void> {
    this.#isOver = true;
    for (const { child } of Object.values(this.#running)) child.kill('SIGTERM');
    for (const { ended } of Object.values(this.#running)) {
      const { code, stderr } = await ended;
      assert.equal(code, 0, stderr);
    }
  }

  async end(): Promise<void> {
    this.#isOver = true;
    for (const { child } of Object.values(this.#running)) child.kill('SIGKILL');
    await Promise.all(Object.values(this.#running).map(({ ended }) => ended));
  }

  #start(name: WorkerName): Running {
    // The place of one in the group waits for it, so that it copies again before it is killed again.
    const words = name === 'one' ? [...this.#words, '--worker', name] : this.#words;
    const running = startMillrace(['mirror', 'run', ...words, '--json'], { timeoutMs: 600_000 });
    void running.ended.then(({ code, stderr }) => {
      // One that starts while a broker is down says so and ends; whoever supervises it starts it again.
      const isRefused = code === 1 && stderr.includes('"connect_failed"');
      if (isRefused && !this.#isOver && this.#running[name] === running) this.#running[name] = this.#start(name);
    });
    return running;
  }
}

/** Waits until no transaction is open on the source, so that what is read of it is all there will be. */
async function untilDecided(client: Client): Promise<void> {
  const admin = client.admin();
  const ends = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, at: 'latest' as const }));
  let open: string[] = [];
  await eventually(
    async () => {
      const stable = unwrap(await admin.listOffsets(ends, { isolation: 'read_committed' }));
      const last = unwrap(await admin.listOffsets(ends));
      open = stable.flatMap(({ partition, offset }) => {
        const end = last.find((each) => each.partition === partition)?.offset;
        return end === offset ? [] : [`[${partition}] is decided to ${offset} of ${end}`];
      });
      return open.length === 0;
    },
    { timeoutMs: 90_000, describe: () => open.join(', ') },
  );
}

/** Both sides are equal for `verify` as well, and all records lie where the offset map says. */
async function assertVerified(source: string, target: string, records: number): Promise<void> {
  const sides = { source: { bootstrap: source, ...quick }, target: { bootstrap: target, ...quick } };
  const found = await verifyMirror({ name: mirrorName, ...sides, targetIsolation: 'read_uncommitted' });
  assert.deepEqual(
    found.map((verified) => verified.source),
    [topic],
  );
  for (const { partition, isEqual, lag, misplaced, firstDifference } of found.flatMap((each) => each.partitions)) {
    assert.ok(isEqual && lag === 0 && misplaced === 0, `[${partition}] ${JSON.stringify({ lag, firstDifference })}`);
  }
  const compared = found.flatMap((each) => each.partitions).reduce((sum, each) => sum + each.compared, 0);
  assert.equal(compared, records);
}

async function assertEqual(source: Client, target: Client, workers: Workers, atLeastOnce: boolean): Promise<number> {
  let records = 0;
  const read = async (partition: number): Promise<(string | null)[]> => {
    const values = (await readPartition(target, topic, partition)).map(({ value }) => value);
    // A set keeps the first of each.
    return atLeastOnce ? [...new Set(values)] : values;
  };
  for (let partition = 0; partition < partitions; partition++) {
    const wanted = (await readPartition(source, topic, partition, 'read_committed')).map(({ value }) => value);
    let found: (string | null)[] = [];
    await eventually(
      async () => {
        found = await read(partition);
        return found.length >= wanted.length;
      },
      {
        timeoutMs: 60_000,
        describe: () => `[${partition}] has ${found.length} of ${wanted.length}: ${workers.complained()}`,
      },
    );
    const first = wanted.findIndex((value, index) => found[index] !== value);
    const at = first < 0 ? wanted.length : first;
    const [there, due] = [found, wanted].map((values) => values.slice(Math.max(0, at - 2), at + 3));
    const facts = `${found.length} of ${wanted.length}, at ${at}: ${there} for ${due}`;
    assert.ok(first < 0 && found.length === wanted.length, `[${partition}] ${facts}; ${workers.complained()}`);
    records += wanted.length;
  }
  return records;
}

/** Groups that stand at records here and there are carried over. */
async function assertGroupsExact(
  source: string,
  target: string,
  random: Randomness,
  atLeastOnce: boolean,
): Promise<void> {
  await using client = createClient({ bootstrap: source, ...quick });
  await using targetClient = createClient({ bootstrap: target, ...quick });
  const [admin, targetAdmin] = [client.admin(), targetClient.admin()];
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const read = (from: Client): Promise<ReadRecord[][]> =>
    Promise.all(places.map(({ partition }) => readPartition(from, topic, partition, 'read_committed')));
  const [wanted, found] = [await read(client), await read(targetClient)];
  const picks = Array.from({ length: groups }, () => wanted.map((records) => random.integer(records.length)));
  for (const [group, pick] of picks.entries()) {
    const offsets = places.map((place, at) => ({ ...place, offset: wanted[at]?.[pick[at] ?? 0]?.offset ?? 0 }));
    unwrap(await admin.commitOffsets(`group-${group}`, offsets));
  }
  await using mirror = await startMirror({
    name: mirrorName,
    source: { bootstrap: source, ...quick },
    target: { bootstrap: target, ...quick },
    topics: [topic],
    guarantee: atLeastOnce ? 'at-least-once' : 'exactly-once',
    groups: [/group-\d+/],
  });
  await eventually(() => {
    const status = mirror.status();
    return status.length === partitions && status.every(({ lag }) => lag === 0);
  });
  await mirror.syncGroups();
  for (const [group, pick] of picks.entries()) {
    const stored = unwrap(await targetAdmin.fetchOffsets(`group-${group}`, places));
    stored.sort((left, right) => left.partition - right.partition);
    const next = stored.map(({ partition, offset }) => found[partition]?.find((each) => each.offset === offset)?.value);
    const expected = wanted.map((records, at) => records[pick[at] ?? 0]?.value);
    assert.deepEqual(next, expected, `group-${group}`);
  }
}

/**
 * Writes numbered records, as transactions if it is told so, every third of which is aborted. When it is stopped a last
 * transaction ends what a kill has left open in any partition: a lone broker of Apache Kafka may lose the markers of a
 * transaction that it says is complete.
 */
class Writer {
  written = 0;
  readonly #client: Client;
  readonly #transactional: boolean;
  #stopped = false;

  constructor(client: Client, transactional: boolean) {
    this.#client = client;
    this.#transactional = transactional;
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    const transactionalId = this.#transactional ? { transactionalId: 'writer' } : {};
    const open = (): ReturnType<Client['producer']> => {
      return this.#client.producer({ deliveryTimeoutMs: 60_000, batchBytesMax: 1_000, ...transactionalId });
    };
    let producer = open();
    let attemptsLeft = this.#transactional ? 100 : 0;
    for (let round = 0; !this.#stopped || attemptsLeft > 0; round++) {
      const isLast = this.#stopped;
      if (isLast) attemptsLeft--;
      try {
        const transaction = this.#transactional ? await producer.begin() : undefined;
        const sending = Array.from({ length: 40 }, () => {
          const number = this.written++;
          const value = `${this.#transactional ? 't' : 'i'}${round}-${number}`;
          return producer.send({ topic, partition: number % partitions, value });
        });
        const sent = Promise.allSettled(sending);
        if (round % 3 === 2) await transaction?.abort();
        else await transaction?.commit();
        await sent;
        if (isLast) break;
      } catch {
        // A transaction that can't go on: the next begins with a new producer.
        await producer.close().catch(() => undefined);
        producer = open();
        await sleep(50);
      }
    }
    await producer.close().catch(() => undefined);
  }
}
