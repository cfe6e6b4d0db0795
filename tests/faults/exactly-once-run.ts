/**
 * One run: a topic is filled with numbered records while processes copy it, each batch and the group's progress in a
 * transaction, and everything goes wrong that the seed says. Then all is made good, and the copy must become exact.
 */
import { seededRandomness } from '@millrace/base';
import { type Client, createClient, type Producer, text, topic, unwrap } from '@millrace/client';
import { Coverage } from '../simulation/oracle/coverage.ts';
import { type FoundRecord, problemsOf } from './copied-exactly.ts';
import type { FaultCluster } from './fault-cluster.ts';
import { Nemesis, partitionCount } from './nemesis.ts';
import { proxiedPlatform, type Routes } from './proxied-network.ts';
import { Transformers } from './transformers.ts';

const CALM_MS = 700;
/** Without another record in the output for so long, none will come. */
const PATIENCE_MS = 90_000;
const WRITE_EVERY_MS = 20;
const RECORDS_MAX = 6000;

export interface RunOutcome {
  readonly seed: number;
  /** What was wrong, in words; empty when nothing was. */
  readonly problems: readonly string[];
  /** What happened, in order, for whoever looks for a cause. */
  readonly story: readonly string[];
  readonly coverage: Coverage;
}

export async function exactlyOnceRun(cluster: FaultCluster, seed: number): Promise<RunOutcome> {
  const run = new ExactlyOnceRun(cluster, seed);
  return run.run();
}

class ExactlyOnceRun {
  readonly #cluster: FaultCluster;
  readonly #seed: number;
  readonly #began = performance.now();
  readonly #story: string[] = [];
  readonly #coverage = new Coverage();
  readonly #id: string;
  readonly #input: string;
  readonly #output: string;
  readonly #problems: string[] = [];
  /** Keys that were written, by partition. */
  readonly #written: string[][] = Array.from({ length: partitionCount }, () => []);

  constructor(cluster: FaultCluster, seed: number) {
    this.#cluster = cluster;
    this.#seed = seed;
    this.#id = `run-${seed}-${crypto.randomUUID().slice(0, 8)}`;
    this.#input = `${this.#id}-input`;
    this.#output = `${this.#id}-output`;
  }

  async run(): Promise<RunOutcome> {
    const { bootstrap } = this.#cluster;
    const random = seededRandomness(this.#seed);
    await using direct = createClient({ bootstrap, retryBackoffMs: 20, telemetry: false });
    const topics = [this.#input, this.#output];
    unwrap(
      await direct
        .admin()
        .createTopics(topics.map((name) => ({ topic: name, partitions: partitionCount, replicationFactor: 3 }))),
    );
    await using proxied = createClient({
      bootstrap,
      platform: proxiedPlatform(this.#routes()),
      requestTimeoutMs: 3000,
      connectTimeoutMs: 3000,
      retryBackoffMs: 20,
      retryBackoffMaxMs: 300,
    });
    const producer = proxied.producer({ deliveryTimeoutMs: 300_000, batchBytesMax: 600 + random.integer(2000) });
    const transformers = this.#startTransformers(random);
    const nemesis = new Nemesis(
      {
        cluster: this.#cluster,
        admin: direct.admin(),
        victims: transformers,
        topics,
        coverage: this.#coverage,
        note: (what) => this.#note(what),
      },
      random,
      CALM_MS,
    );
    try {
      const stopWriting = this.#write(producer);
      await nemesis.run().finally(stopWriting);
      this.#note('all is made good');
      await producer.close();
      await this.#awaitCopy(direct, transformers);
      await transformers.close();
      await this.#judge(direct);
      this.#problems.push(...transformers.failures);
      if (this.#problems.length > 0) this.#story.push(...transformers.words());
      unwrap(await direct.admin().deleteTopics(topics));
    } finally {
      await transformers.killAll();
    }
    this.#coverage.add('records', this.#count());
    return { seed: this.#seed, problems: this.#problems, story: this.#story, coverage: this.#coverage };
  }

  #startTransformers(random: ReturnType<typeof seededRandomness>): Transformers {
    const protocol = random.integer(2) === 0 ? 'classic' : 'consumer';
    const count = 2 + random.integer(2);
    const partitionBytesMax = 500 + random.integer(4000);
    const failingPercent = random.integer(2) * random.integer(12);
    this.#note(`${count} transformers by protocol ${protocol}`);
    this.#coverage.add(`runs by protocol ${protocol}`);
    return new Transformers({
      count,
      coverage: this.#coverage,
      note: (what) => this.#note(what),
      settings: (place, life) => ({
        bootstrap: this.#cluster.bootstrap,
        routes: this.#routes(),
        input: this.#input,
        output: this.#output,
        group: this.#id,
        transactionalId: `${this.#id}-${place}`,
        by: `${place}.${life}`,
        protocol,
        sessionTimeoutMs: 3000,
        transactionTimeoutMs: 4000,
        requestTimeoutMs: 2000,
        partitionBytesMax,
        failingPercent,
        seed: this.#seed * 1000 + life,
      }),
    });
  }

  #routes(): Routes {
    return Object.fromEntries([...this.#cluster.proxies].map(([port, proxy]) => [port, proxy.port]));
  }

  /** Writes records until what it answers is called, in bursts as long as there is room. */
  #write(producer: Producer): () => void {
    const input = topic(this.#input, { key: text, value: text });
    let hasRoom = true;
    const timer = setInterval(() => {
      for (let n = 0; hasRoom && n < 12 && this.#count() < RECORDS_MAX; n++) {
        const partition = this.#count() % partitionCount;
        const keys = this.#written[partition] as string[];
        const key = `${partition}-${keys.length}`;
        hasRoom = producer.write({ topic: input, key, value: `value of ${key}`, partition });
        keys.push(key);
      }
      if (!hasRoom) {
        hasRoom = this.#count() >= RECORDS_MAX;
        void producer.ready().then(() => {
          hasRoom = true;
        });
      }
    }, WRITE_EVERY_MS);
    return () => clearInterval(timer);
  }

  async #awaitCopy(client: Client, transformers: Transformers): Promise<void> {
    let most = -1;
    let since = performance.now();
    for (;;) {
      const found = (await readCommitted(client, this.#output)).reduce((sum, { length }) => sum + length, 0);
      if (found >= this.#count() || transformers.failures.length > 0) return;
      if (found > most) [most, since] = [found, performance.now()];
      else if (performance.now() - since > PATIENCE_MS) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  async #judge(client: Client): Promise<void> {
    const found = await readCommitted(client, this.#output);
    for (const [partition, expected] of this.#written.entries()) {
      this.#problems.push(...problemsOf(partition, expected, found[partition] ?? []));
    }
    const questions = this.#written.map((_, partition) => ({ topic: this.#input, partition, at: 'latest' as const }));
    const ends = unwrap(await client.admin().listOffsets(questions));
    for (const { partition, offset } of ends) {
      const count = this.#written[partition]?.length;
      if (offset !== count) this.#problems.push(`partition ${partition}: ${offset} records of ${count} in the input`);
    }
  }

  #count(): number {
    return this.#written.reduce((sum, { length }) => sum + length, 0);
  }

  #note(what: string): void {
    this.#story.push(`${((performance.now() - this.#began) / 1000).toFixed(1)} s: ${what}`);
  }
}

/** All that is committed in a topic, by partition. */
async function readCommitted(client: Client, name: string): Promise<FoundRecord[][]> {
  const found: FoundRecord[][] = Array.from({ length: partitionCount }, () => []);
  const copies = topic(name, { key: text, value: text });
  await using consumer = client.consumer({
    topics: [copies],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  for await (const batch of consumer) {
    for (const record of batch) {
      found[batch.partition]?.push({ key: record.key, by: Buffer.from(record.header('by') ?? '').toString() });
    }
  }
  return found;
}
