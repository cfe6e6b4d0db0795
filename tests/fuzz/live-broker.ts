/**
 * Fuzzes a broker in a process of its own over real sockets, at all of its listeners at once: frames that were changed,
 * bytes of other protocols, and TLS where there is none. Beside that a client that means no harm goes on writing and
 * reading, and at the end the broker's log tells of no defect, and its memory is not much more than before.
 */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { type Randomness, seededRandomness } from '@millrace/base';
import { CertificateAuthority } from '@millrace/base/testing/certificates';
import { type AclBinding, type Client, createClient, unwrap } from '@millrace/client';
import { encodePlain } from '@millrace/wire';
import { ClusterProcess } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { alice, fullConfiguration } from './memory-cluster.ts';
import { mutate } from './mutate.ts';
import { compactedTopic, plainTopic, validRequests } from './valid-requests.ts';

export interface LiveOptions {
  readonly seed: number;
  readonly inputs: number;
  readonly seconds?: number | undefined;
}

export interface LiveReport {
  readonly inputs: number;
  /** Inputs after which the broker answered, or ended the connection. */
  readonly answered: number;
  /** Records that the client which means no harm wrote and read back. */
  readonly bystanderRecords: number;
  /** Bytes. */
  readonly rssBefore: number;
  readonly rssAfter: number;
}

const admin = { username: 'admin', password: 'admin-secret' };
const bystanderTopic = 'bystander';
const attackersAtOnce = 8;
const inputsPerCheck = 250;
/** How long an attacker waits for what comes of its bytes. */
const patienceMs = 40;
const warmUpInputs = 500;
const rssGrowthMax = 256 * 1024 * 1024;
/** Anybody may do this much, and not touch what the client beside them has. */
const allowed: readonly (readonly [AclBinding['resourceType'], string, AclBinding['patternType']])[] = [
  ['topic', 'plain', 'prefixed'],
  ['topic', 'compacted', 'prefixed'],
  ['topic', 'new', 'prefixed'],
  ['group', '*', 'literal'],
  ['transactional-id', '*', 'literal'],
];

/** Rejects when the broker does not stand it. */
export async function fuzzLive({ seed, inputs, seconds }: LiveOptions): Promise<LiveReport> {
  const identity = await (await CertificateAuthority.create()).issue({ name: 'CN=broker', hosts: ['127.0.0.1'] });
  await using broker = await ClusterProcess.start({
    configuration: {
      ...fullConfiguration,
      'super.users': `User:${admin.username}`,
      listeners: ['PLAINTEXT', 'SASL_PLAINTEXT', 'SSL'].map((name) => `${name}://127.0.0.1:0`).join(),
      'ssl.keystore.certificate.chain': identity.cert,
      'ssl.keystore.key': identity.key,
    },
    security: { plainUsers: { [alice.username]: alice.password }, scramUsers: [admin, alice] },
  });
  await using client = createClient({
    bootstrap: broker.listeners['SASL_PLAINTEXT'] ?? '',
    security: { sasl: { mechanism: 'SCRAM-SHA-256', ...admin } },
  });
  const seeds = await prepareLive(client);
  const random = seededRandomness(seed);
  const ports = ['PLAINTEXT', 'SASL_PLAINTEXT', 'SSL'].map((name) => Number(broker.listeners[name]?.split(':').at(-1)));
  const attack = (): Promise<boolean> => attackOnce(ports, seeds, random);
  let answered = 0;
  let tried = 0;
  const attackMany = async (count: number): Promise<void> => {
    const last = tried + count;
    const attacker = async (): Promise<void> => {
      while (tried++ < last) if (await attack()) answered++;
    };
    await Promise.all(Array.from({ length: attackersAtOnce }, attacker));
    tried = last;
  };
  await attackMany(warmUpInputs);
  const { rss: rssBefore, events } = await broker.state();
  assertNoDefect(events, seed);
  let bystanderRecords = 0;
  const end = performance.now() + (seconds ?? Number.POSITIVE_INFINITY) * 1000;
  while (tried < inputs + warmUpInputs && performance.now() < end) {
    const [, count] = await Promise.all([attackMany(inputsPerCheck), serves(client, bystanderRecords)]);
    bystanderRecords = count;
    assertNoDefect((await broker.state()).events, seed);
  }
  return { inputs: tried, answered, bystanderRecords, rssBefore, rssAfter: await settledMemory(broker, rssBefore) };
}

/** What is there to be attacked, and valid requests for it. */
async function prepareLive(client: Client): Promise<Uint8Array[]> {
  await using operator = client.admin();
  const compact = { topic: compactedTopic, partitions: 2, configs: { 'cleanup.policy': 'compact' } };
  const topics = [{ topic: plainTopic, partitions: 2 }, compact, { topic: bystanderTopic, partitions: 1 }];
  const created = unwrap(await operator.createTopics(topics));
  const acls = allowed.map(([resourceType, resourceName, patternType]): AclBinding => {
    const everybody = { principal: 'User:*', host: '*', operation: 'all', permission: 'allow' } as const;
    return { resourceType, resourceName, patternType, ...everybody };
  });
  unwrap(await operator.createAcls(acls));
  const quota = { producer_byte_rate: 10e6, request_percentage: 500 };
  unwrap(await operator.alterClientQuotas([{ entity: { user: alice.username }, set: quota }]));
  return validRequests(Object.fromEntries(created.map(({ topic, topicId }) => [topic, topicId])));
}

/** Writes a record and reads it back. Answers how many that were so far. */
async function serves(client: Client, before: number): Promise<number> {
  await using producer = client.producer();
  const value = Buffer.from(`record ${before}`);
  const { partition, offset } = await producer.send({ topic: bystanderTopic, value });
  const assign = [{ topic: bystanderTopic, partition, offset }];
  await using consumer = client.consumer({ assign });
  for await (const record of consumer.records()) {
    assert.deepEqual(record.value && Buffer.from(record.value), value);
    break;
  }
  return before + 1;
}

/** Whether something came of it in time. */
async function attackOnce(
  ports: readonly number[],
  seeds: readonly Uint8Array[],
  random: Randomness,
): Promise<boolean> {
  const [plain = 0, sasl = 0, tls = 0] = ports;
  const frame = mutate(seeds, random);
  switch (random.integer(12)) {
    case 0:
      // TLS where none is spoken.
      return ends(tlsConnect({ host: '127.0.0.1', port: plain, rejectUnauthorized: false }), Buffer.alloc(0));
    case 1:
      // None where TLS is.
      return ends(connect(tls, '127.0.0.1'), framed(frame));
    case 2:
      return ends(connect([plain, sasl, tls][random.integer(3)] ?? plain, '127.0.0.1'), random.bytes(200));
    case 3:
      return ends(connect(plain, '127.0.0.1'), Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    case 4:
      // The length is changed too.
      return ends(connect(plain, '127.0.0.1'), mutate([framed(frame)], random));
    case 5:
      return ends(connect(sasl, '127.0.0.1'), framed(frame));
    case 6:
      return ends(connect(sasl, '127.0.0.1'), Buffer.concat([loginFrames(), framed(frame), framed(frame)]));
    case 7:
      return ends(tlsConnect({ host: '127.0.0.1', port: tls, rejectUnauthorized: false }), framed(frame));
    default:
      return ends(connect(plain, '127.0.0.1'), Buffer.concat([framed(frame), framed(mutate(seeds, random))]));
  }
}

/** Sends bytes, and waits for an answer or the end. */
function ends(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => over(false), patienceMs);
    const over = (isAnswered: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isAnswered);
    };
    // However it ends is the broker's to choose.
    socket
      .on('data', () => over(true))
      .on('close', () => over(true))
      .on('error', () => over(true));
    socket.write(bytes);
  });
}

/** SaslHandshake version 0 for PLAIN, and alice's bare token. */
function loginFrames(): Buffer {
  const handshake = Buffer.from('0011000000000001ffff0005504c41494e', 'hex');
  return Buffer.concat([framed(handshake), framed(encodePlain(alice))]);
}

function assertNoDefect(events: readonly string[], seed: number): void {
  const defects = events.filter((message) => message.includes('defect'));
  assert.deepEqual(defects, [], `with seed ${seed}`);
}

/** Bytes, once what is to go is gone. */
async function settledMemory(broker: ClusterProcess, before: number): Promise<number> {
  let rss = 0;
  const isBounded = async (): Promise<boolean> => {
    rss = (await broker.state()).rss;
    return rss < before + rssGrowthMax;
  };
  await eventually(isBounded, { describe: () => `the broker's memory went from ${before} to ${rss} bytes and stayed` });
  return rss;
}

function framed(frame: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + frame.length);
  bytes.writeUInt32BE(frame.length);
  bytes.set(frame, 4);
  return bytes;
}
