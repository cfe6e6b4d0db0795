/**
 * One run: processes write to two topics, idempotently to one of them, and others read both as a group, while
 * everything goes wrong that the seed says. Then all is made good, and `DeliveryLedger` judges.
 */
import { type Randomness, seededRandomness } from '@millrace/base';
import { type Client, createClient, text, topic, unwrap } from '@millrace/client';
import { eventually } from '../support/eventually.ts';
import { Crew, type Role } from './crew.ts';
import { DeliveryLedger, type TopicContent } from './delivery-ledger.ts';
import type { FaultCluster } from './fault-cluster.ts';
import { Nemesis } from './nemesis.ts';
import { partitionCount } from './partition-count.ts';
import { routesOf } from './proxied-network.ts';
import type { ReaderSettings } from './reader.ts';
import { type RunOutcome, RunStory } from './run-story.ts';
import type { WriterSettings } from './writer.ts';

const CALM_MS = 500;
const START_MS_MAX = 60_000;
const PATIENCE_MS = 90_000;
const READERS = 3;

export async function deliveryRun(cluster: FaultCluster, seed: number): Promise<RunOutcome> {
  const random = seededRandomness(seed);
  const story = new RunStory(seed);
  const ledger = new DeliveryLedger();
  const id = `delivery-${seed}-${crypto.randomUUID().slice(0, 8)}`;
  const [once, atLeastOnce] = [`${id}-once`, `${id}-at-least-once`];
  const topics = [once, atLeastOnce];
  await using direct = createClient({ bootstrap: cluster.bootstrap, retryBackoffMs: 20, telemetry: false });
  const admin = direct.admin();
  unwrap(
    await admin.createTopics(topics.map((name) => ({ topic: name, partitions: partitionCount, replicationFactor: 3 }))),
  );
  const note = (what: string): void => story.note(what);
  const crewOf = (roles: readonly Role[]): Crew =>
    new Crew({
      roles,
      onEvent: (event, detail) => {
        if (event === 'handled') ledger.handled(detail);
        else if (event === 'failed') story.coverage.add('records given up', Number(detail));
        else if (event === 'acked') ledger.acknowledged(detail);
      },
      onFenced: () => story.problems.push('a process says that it is fenced, and there is nothing to be fenced from'),
      note,
    });
  const crew = crewOf([
    ...topics.map((name) => writerRole(cluster, random, name, name === once)),
    ...readerRoles(cluster, seed, id, topics),
  ]);
  try {
    const { coverage } = story;
    const nemesis = new Nemesis({ cluster, admin, victims: crew, topics, coverage, note }, random, CALM_MS);
    const hasBegun = (): boolean => ledger.handledBatches > 0 && ledger.acknowledgedRecords > 0;
    await eventually(hasBegun, { timeoutMs: START_MS_MAX, describe: () => 'nothing was written and read' });
    await nemesis.run();
    note('all is made good');
    await crew.stopRoles((name) => name.startsWith('writer'));
    const contents = await awaitReaders(direct, topics, ledger, crew);
    await crew.close();
    for (const [name, content] of contents) story.problems.push(...ledger.problems(name, content, name === once));
    story.problems.push(...ledger.sharedPartitions(), ...crew.failures);
    coverage.add('records acknowledged', ledger.acknowledgedRecords);
    coverage.add('batches handled', ledger.handledBatches);
    if (story.problems.length > 0) story.story.push(...crew.words());
    unwrap(await admin.deleteTopics(topics));
  } finally {
    await crew.killAll();
  }
  return story;
}

function writerRole(cluster: FaultCluster, random: Randomness, name: string, idempotent: boolean): Role {
  // Some give up while things are wrong.
  const deliveryTimeoutMs = random.integer(3) === 0 ? 3000 : 120_000;
  return {
    name: `writer to ${name}`,
    program: 'writer.ts',
    settings: (life): WriterSettings => ({
      bootstrap: cluster.bootstrap,
      routes: routesOf(cluster),
      topic: name,
      by: `${life}`,
      idempotent,
      deliveryTimeoutMs,
      recordsMax: 4000,
    }),
  };
}

function readerRoles(cluster: FaultCluster, seed: number, group: string, topics: readonly string[]): Role[] {
  const settings: ReaderSettings = {
    bootstrap: cluster.bootstrap,
    routes: routesOf(cluster),
    topics,
    group,
    protocol: seed % 2 === 0 ? 'classic' : 'consumer',
  };
  return Array.from({ length: READERS }, (_, place) => ({
    name: `reader ${place}`,
    program: 'reader.ts',
    settings: () => settings,
  }));
}

/** What the topics hold, once all of it is handled or nobody handles anything any more. */
async function awaitReaders(
  client: Client,
  topics: readonly string[],
  ledger: DeliveryLedger,
  crew: Crew,
): Promise<Map<string, TopicContent>> {
  const contents = new Map<string, TopicContent>();
  for (const name of topics) contents.set(name, await readAll(client, name));
  let fewest = Number.POSITIVE_INFINITY;
  let since = performance.now();
  for (;;) {
    const left = [...contents].reduce((sum, [name, content]) => sum + ledger.unhandled(name, content), 0);
    if (left === 0 || crew.failures.length > 0) return contents;
    if (left < fewest) [fewest, since] = [left, performance.now()];
    else if (performance.now() - since > PATIENCE_MS) return contents;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function readAll(client: Client, name: string): Promise<string[][]> {
  const found: string[][] = Array.from({ length: partitionCount }, () => []);
  await using consumer = client.consumer({ topics: [topic(name, { key: text })], from: 'earliest', until: 'end' });
  for await (const batch of consumer) for (const { key } of batch) found[batch.partition]?.push(key);
  return found;
}
