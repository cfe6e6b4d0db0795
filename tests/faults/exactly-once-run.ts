/**
 * One run: a topic is filled with numbered records while processes copy it, each batch and the group's progress in a
 * transaction, and everything goes wrong that the seed says. Then all is made good, and the copy must become exact.
 */
import { seededRandomness } from '@millrace/base';
import { type Client, createClient, type Producer, text, topic, unwrap } from '@millrace/client';
import { eventually } from '../support/eventually.ts';
import { type FoundRecord, problemsOf } from './copied-exactly.ts';
import { Crew } from './crew.ts';
import type { FaultCluster } from './fault-cluster.ts';
import { Nemesis } from './nemesis.ts';
import { partitionCount } from './partition-count.ts';
import { proxiedPlatform, routesOf } from './proxied-network.ts';
import { type RunOutcome, RunStory } from './run-story.ts';
import type { TransformerSettings } from './transformer.ts';

const CALM_MS = 400;
const START_MS_MIN = 20_000;
const START_MS_MAX = 60_000;
const PATIENCE_MS = 90_000;
const WRITE_EVERY_MS = 20;
const RECORDS_MAX = 6000;
/** So many wait to be copied at most: enough to be busy with, and not much to wait for when all is made good. */
const BACKLOG_MAX = 400;

export interface RunOptions {
  /** By which bug the transformers are to be spoilt (`planted-bugs.ts`). */
  readonly bug?: string | undefined;
  /** Without progress for so long after all was made good, none will come. Default 90,000. */
  readonly patienceMs?: number | undefined;
}

export function exactlyOnceRun(cluster: FaultCluster, seed: number, options: RunOptions = {}): Promise<RunOutcome> {
  return new ExactlyOnceRun(cluster, seed, options).run();
}

class ExactlyOnceRun {
  readonly #cluster: FaultCluster;
  readonly #seed: number;
  readonly #options: RunOptions;
  readonly #story: RunStory;
  readonly #id: string;
  readonly #input: string;
  readonly #output: string;
  /** Keys that were written, by partition. */
  readonly #written: string[][] = Array.from({ length: partitionCount }, () => []);
  /** Records of transactions that were told of; who is killed does not tell of the last. */
  #copied = 0;

  constructor(cluster: FaultCluster, seed: number, options: RunOptions) {
    this.#options = options;
    this.#cluster = cluster;
    this.#seed = seed;
    this.#story = new RunStory(seed);
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
      platform: proxiedPlatform(routesOf(this.#cluster)),
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
        coverage: this.#story.coverage,
        note: (what) => this.#story.note(what),
      },
      random,
      CALM_MS,
    );
    try {
      const stopWriting = this.#write(producer);
      const hasBegun = (): boolean => this.#story.coverage.get('transactions committed') >= transformers.count;
      const { patienceMs = START_MS_MAX } = this.#options;
      const timeoutMs = Math.max(patienceMs, START_MS_MIN);
      await eventually(hasBegun, { timeoutMs, describe: () => 'no transaction was committed' }).then(
        () => nemesis.run(),
        (error: Error) => this.#story.problems.push(error.message),
      );
      stopWriting();
      this.#story.note('all is made good');
      await producer.close();
      await this.#awaitCopy(direct, transformers);
      this.#story.note('no more is expected');
      await transformers.close();
      await this.#judge(direct);
      this.#story.problems.push(...transformers.failures);
      if (this.#story.problems.length > 0) this.#story.story.push(...transformers.words());
      unwrap(await direct.admin().deleteTopics(topics));
    } finally {
      await transformers.killAll();
    }
    this.#story.coverage.add('records', this.#count());
    return this.#story;
  }

  #startTransformers(random: ReturnType<typeof seededRandomness>): Crew {
    const protocol = this.#seed % 2 === 0 ? 'classic' : 'consumer';
    const count = 2 + random.integer(2);
    const partitionBytesMax = 500 + random.integer(4000);
    // Soon enough to end a transaction before its member's session, or long after.
    const transactionTimeoutMs = random.integer(3) === 0 ? 2500 : 10_000;
    const workMsMax = 1 + random.integer(2) * random.integer(60);
    const failingPercent = random.integer(2) * random.integer(12);
    this.#story.note(`${count} transformers by protocol ${protocol}`);
    this.#story.coverage.add(`runs by protocol ${protocol}`);
    const settings = (place: number, life: number): TransformerSettings => ({
      bootstrap: this.#cluster.bootstrap,
      routes: routesOf(this.#cluster),
      input: this.#input,
      output: this.#output,
      group: this.#id,
      transactionalId: `${this.#id}-${place}`,
      by: `${place}.${life}`,
      protocol,
      sessionTimeoutMs: 3000,
      transactionTimeoutMs,
      requestTimeoutMs: 2000,
      partitionBytesMax,
      workMsMax,
      failingPercent,
      seed: this.#seed * 1000 + life,
      bug: this.#options.bug,
    });
    return new Crew({
      roles: Array.from({ length: count }, (_, place) => ({
        name: `transformer ${place}`,
        program: 'transformer.ts',
        worstMoment: 'working',
        settings: (life) => settings(place, life),
      })),
      onEvent: (event, detail) => {
        if (event === 'committed') {
          this.#story.coverage.add('transactions committed');
          this.#copied += Number(detail);
        } else if (event === 'failed') this.#story.coverage.add(`transactions failed: ${detail}`);
      },
      onFenced: () => this.#story.coverage.add('transformers fenced'),
      note: (what) => this.#story.note(what),
    });
  }

  /** Writes records until what it answers is called, in bursts as long as there is room and need for them. */
  #write(producer: Producer): () => void {
    const input = topic(this.#input, { key: text, value: text });
    let hasRoom = true;
    const isWanted = (): boolean => this.#count() < Math.min(RECORDS_MAX, this.#copied + BACKLOG_MAX);
    const timer = setInterval(() => {
      for (let n = 0; hasRoom && n < 12 && isWanted(); n++) {
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

  async #awaitCopy(client: Client, transformers: Crew): Promise<void> {
    let most = -1;
    let since = performance.now();
    for (;;) {
      const found = (await readCommitted(client, this.#output)).reduce((sum, { length }) => sum + length, 0);
      if (found >= this.#count() || transformers.failures.length > 0) return;
      if (found > most) [most, since] = [found, performance.now()];
      else if (performance.now() - since > (this.#options.patienceMs ?? PATIENCE_MS)) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  async #judge(client: Client): Promise<void> {
    const found = await readCommitted(client, this.#output);
    for (const [partition, expected] of this.#written.entries()) {
      this.#story.problems.push(...problemsOf(partition, expected, found[partition] ?? []));
    }
    const questions = this.#written.map((_, partition) => ({ topic: this.#input, partition, at: 'latest' as const }));
    const ends = unwrap(await client.admin().listOffsets(questions));
    for (const { partition, offset } of ends) {
      const count = this.#written[partition]?.length;
      if (offset !== count)
        this.#story.problems.push(`partition ${partition}: ${offset} records of ${count} in the input`);
    }
  }

  #count(): number {
    return this.#written.reduce((sum, { length }) => sum + length, 0);
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
