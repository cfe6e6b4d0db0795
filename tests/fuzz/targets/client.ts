/**
 * A client whose brokers answer anything: whatever it was asked to do, it does, or says with an error of the project
 * why not, within the time it was given; and it can be closed.
 */
import { isMillraceError, MillraceError } from '@millrace/base';
import { type Admin, type Client, type Consumer, createClient, type SecurityOptions } from '@millrace/client';
import { AnswerForger } from '../answer-forger.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { alice, MemoryCluster, plainPort, saslPort } from '../memory-cluster.ts';
import { aliceToken } from '../valid-operations.ts';
import { plainTopic, prepare } from '../valid-requests.ts';

const inputsPerLife = 100;
const recordsWanted = 6;
const errandMsMax = 5000;
const clientMsMax = 300_000;
const member = { topics: [plainTopic], from: 'earliest', isolation: 'read_committed' } as const;
const assign = [0, 1].map((partition) => ({ topic: plainTopic, partition, offset: 'earliest' }) as const);

class ErrandOver extends MillraceError {
  readonly code = 'errand_over';
}

type Errand = (client: Client, signal: AbortSignal) => Promise<unknown>;

/** What clients are asked for; the first byte of an input chooses. */
const errands: readonly Errand[] = [
  (client) => all(client.admin(), lookAround),
  (client) => all(client.admin(), change),
  async (client) => {
    await using producer = client.producer({ compression: 'gzip', deliveryTimeoutMs: 3000 });
    for (const key of ['a', 'b', 'c']) producer.write({ topic: plainTopic, key, value: Buffer.from('value') });
    await producer.flush();
  },
  async (client) => {
    await using producer = client.producer({ transactionalId: 'fuzzed', deliveryTimeoutMs: 3000 });
    for (const isCommitted of [true, false]) {
      await using transaction = await producer.begin();
      transaction.write({ topic: plainTopic, value: Buffer.from('value') });
      await transaction.sendOffsets({ group: 'readers', offsets: [{ topic: plainTopic, partition: 0, offset: 1 }] });
      await (isCommitted ? transaction.commit() : transaction.abort());
    }
  },
  (client, signal) => consume(client.consumer({ ...member, group: 'readers' }), signal),
  (client, signal) => consume(client.consumer({ ...member, group: 'modern', protocol: 'consumer' }), signal),
  (client, signal) => consume(client.consumer({ assign, isolation: 'read_committed', checkCrc: false }), signal),
  (client, signal) => consume(client.consumer({ topics: [plainTopic], from: 'earliest', until: 'end' }), signal),
];

/** How they log in; the second byte chooses. */
const logins: readonly (SecurityOptions['sasl'] | undefined)[] = [
  undefined,
  undefined,
  undefined,
  { mechanism: 'PLAIN', ...alice },
  { mechanism: 'SCRAM-SHA-256', ...alice },
  { mechanism: 'SCRAM-SHA-512', ...alice },
  { mechanism: 'OAUTHBEARER', token: async () => ({ value: aliceToken(), extensions: { pool: 'x' } }) },
];

let current: MemoryCluster | undefined;
let inputs = 0;

/** An input is a byte for the errand, one for the login, and instructions to forge answers. */
export const client: FuzzTarget = {
  name: 'client',
  inputs: 2000,
  seeds: () => {
    const instructions = [[], [1, 1, 0, 3, 0, 0], [4, 1, 0, 9, 0, 20, 2, 0, 0, 40, 1, 9], [0, 2, 0, 30, 0, 5]];
    return errands.flatMap((_, errand) => {
      return logins.flatMap((_login, login) => instructions.map((each) => Buffer.from([errand, login, ...each])));
    });
  },
  async run(input) {
    const cluster = await living();
    const errand = errands[(input[0] ?? 0) % errands.length] as Errand;
    const login = logins[(input[1] ?? 0) % logins.length];
    const { clock, disk, randomness, timers } = cluster.platform;
    const network = new AnswerForger(input.subarray(2)).over(cluster.network);
    const events = new Set<string>();
    const made = createClient({
      bootstrap: `127.0.0.1:${login === undefined ? plainPort : saslPort}`,
      platform: { clock, disk, randomness, timers, network },
      requestTimeoutMs: 2000,
      unknownTopicTimeoutMs: 1000,
      report: ({ event }) => events.add(event),
      ...(login !== undefined && { security: { sasl: login } }),
    });
    const abort = new AbortController();
    timers.after(errandMsMax, () => abort.abort(new ErrandOver('it took too long')));
    const outcome = await cluster.whileTimePasses(ended(errand(made, abort.signal)), clientMsMax);
    const closed = await cluster.whileTimePasses(ended(made.close()), clientMsMax);
    return `${(input[0] ?? 0) % errands.length} ${outcome} ${closed} ${[...events].sort().join()}`;
  },
};

async function living(): Promise<MemoryCluster> {
  if (current !== undefined && ++inputs % inputsPerLife !== 0) return current;
  current = await MemoryCluster.start();
  using peer = await current.peer();
  await prepare(peer);
  return current;
}

/** How something ended. Throws what is no error of the project. */
async function ended(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  // What failed and could not be ended either.
  if (error instanceof SuppressedError) return `${codeOf(error.suppressed)} ${codeOf(error.error)}`;
  if (!isMillraceError(error)) throw error;
  return `${error.code}`;
}

async function consume(consumer: Consumer, signal: AbortSignal): Promise<void> {
  await using closing = consumer;
  let count = 0;
  for await (const { value } of closing.records({ signal })) {
    void value;
    if (++count >= recordsWanted) return;
  }
}

type Calls = (admin: Admin) => readonly Promise<unknown>[];

async function all(admin: Admin, calls: Calls): Promise<void> {
  const outcomes = await Promise.all(calls(admin).map(ended));
  const failed = outcomes.find((outcome) => outcome !== 'done');
  if (failed !== undefined) throw new ErrandOver(failed);
}

const lookAround: Calls = (admin) => [
  admin.describeCluster(),
  admin.listTopics(),
  admin.describeTopics([plainTopic]),
  admin.listOffsets([{ topic: plainTopic, partition: 0, at: 'latest' }]),
  admin.describeConfigs([{ type: 'topic', name: plainTopic }]),
  admin.listConfigResources(),
  admin.listGroups(),
  admin.describeGroups(['readers', 'modern']),
  admin.fetchOffsets('readers'),
  admin.describeAcls(),
  admin.describeClientQuotas(),
  admin.describeFeatures(),
  admin.describeQuorum(),
  admin.describeLogDirectories([1]),
  admin.listPartitionReassignments(),
  admin.listTransactions(),
  admin.describeTransactions(['fuzzed']),
  admin.describeScramCredentials(),
];

const change: Calls = (admin) => [
  admin.createTopics([{ topic: 'made', partitions: 2 }]),
  admin.createPartitions([{ topic: plainTopic, totalCount: 4 }]),
  admin.deleteRecords([{ topic: plainTopic, partition: 0, offset: 0 }]),
  admin.incrementalAlterConfigs([
    { type: 'topic', name: plainTopic, changes: [{ name: 'retention.ms', operation: 'set', value: '1000000000000' }] },
  ]),
  admin.deleteGroups(['gone']),
  admin.commitOffsets('gone', [{ topic: plainTopic, partition: 0, offset: 1 }]),
  admin.deleteTopics(['made']),
];
