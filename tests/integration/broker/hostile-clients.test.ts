/**
 * Clients that are slow, silent or hostile, on real sockets against a broker in a process of its own: what they cost
 * is bounded, they are sent away, and a client beside them is served all the while. Latencies are printed, not
 * asserted.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import {
  type Api,
  apiVersions,
  ByteWriter,
  correlationIdOf,
  createTopics,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  fetch,
  metadata,
  produce,
  RecordBatchBuilder,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import { ClusterProcess } from '../../support/cluster-process.ts';
import { eventually } from '../../support/eventually.ts';

const mebibyte = 2 ** 20;
const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);

/** Sockets of a hostile client, and how many of them the broker has ended. */
class Crowd implements Disposable {
  readonly sockets: Socket[] = [];
  ended = 0;

  static async open(port: number, count: number): Promise<Crowd> {
    const crowd = new Crowd();
    while (crowd.sockets.length < count) {
      const batch = Array.from({ length: Math.min(200, count - crowd.sockets.length) }, () => crowd.#connect(port));
      crowd.sockets.push(...(await Promise.all(batch)));
    }
    return crowd;
  }

  write(bytes: Uint8Array): void {
    for (const socket of this.sockets) socket.write(bytes);
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
  }

  #connect(port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket));
      socket.on('error', reject).on('close', () => {
        this.ended += 1;
      });
      // Unread, a socket would not learn of its end.
      socket.resume();
    });
  }
}

/** A client that speaks the protocol, any number of requests at a time. */
class Peer implements Disposable {
  readonly socket: Socket;
  readonly #writer = new ByteWriter();
  readonly #waiting: ((frame: Uint8Array) => void)[] = [];
  #correlationId = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    const splitter = new FrameSplitter(2 ** 28, (frame) => this.#waiting.shift()?.(frame));
    socket.on('data', (chunk: Uint8Array) => splitter.push(chunk));
  }

  static connect(port: number): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Peer(socket)));
      socket.on('error', reject);
    });
  }

  encode<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Uint8Array {
    this.#correlationId += 1;
    return Buffer.concat(encodeRequest(this.#writer, api, version, this.#correlationId, 'peer', draft).chunks);
  }

  /** Sends bytes, and resolves with the next frame that is the answer to nothing before. */
  exchange(bytes: Uint8Array): Promise<Uint8Array> {
    this.socket.write(bytes);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async request<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    return decodeResponse(api, version, await this.exchange(this.encode(api, version, draft)));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A client that does no harm: it has a topic of one partition, produces to it and reads back what it wrote. */
class Bystander implements Disposable {
  readonly #peer: Peer;
  readonly #topic: string;
  readonly #times: number[] = [];

  private constructor(peer: Peer, topic: string) {
    this.#peer = peer;
    this.#topic = topic;
  }

  static async start(port: number, topic: string): Promise<Bystander> {
    const peer = await Peer.connect(port);
    const asked = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const answer = await peer.request(createTopics, 5, { topics: [asked], timeoutMs: 10_000 });
    assert.equal(answer.topics[0]?.errorCode, 0);
    return new Bystander(peer, topic);
  }

  /** Appends a record, and answers its offset. */
  async produce(bytes: number): Promise<number> {
    const builder = new RecordBatchBuilder();
    builder.append(0, null, 'x'.repeat(bytes));
    const records = builder.build({ compression: 'none', producerId: -1, producerEpoch: -1, baseSequence: -1 });
    const topicData = [{ name: this.#topic, partitionData: [{ index: 0, records }] }];
    const answer = await this.#peer.request(produce, 9, { acks: -1, timeoutMs: 10_000, topicData });
    const result = answer.responses[0]?.partitionResponses[0];
    assert.equal(result?.errorCode, 0);
    return result.baseOffset;
  }

  async roundTrip(bytes = 100): Promise<void> {
    const began = performance.now();
    const offset = await this.produce(bytes);
    const answer = await this.#peer.request(fetch, 12, fetchOf(this.#topic, offset));
    assert.ok((answer.responses[0]?.partitions[0]?.records?.length ?? 0) > bytes, 'it reads what it wrote');
    this.#times.push(performance.now() - began);
  }

  /** Goes on while something else is pending, and resolves as that does. */
  async during<T>(pending: Promise<T>): Promise<T> {
    let over = false;
    const settled = (): void => {
      over = true;
    };
    pending.then(settled, settled);
    do {
      await this.roundTrip();
      await wait(2);
    } while (!over);
    return pending;
  }

  /** How long round trips took since the last call, in words. */
  latency(): string {
    const times = this.#times.splice(0).sort((left, right) => left - right);
    const at = (part: number): string => (times[Math.floor((times.length - 1) * part)] ?? Number.NaN).toFixed(1);
    return `${times.length} round trips, median ${at(0.5)} ms, 99 % ${at(0.99)} ms, slowest ${at(1)} ms`;
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
  }
}

function fetchOf(topic: string, fetchOffset: number): RequestDraft<typeof fetch> {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: mebibyte }];
  return { maxWaitMs: 0, minBytes: 1, maxBytes: mebibyte, topics: [{ topic, partitions }] };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The first bytes of a frame that is announced to be longer. */
function halfFrame(announced: number, sent: number): Uint8Array {
  const bytes = Buffer.alloc(4 + sent);
  bytes.writeInt32BE(announced);
  return bytes;
}

function megabytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}

test('thousands of connections that send half a frame and wait cost little, and are closed in time', async (t) => {
  const count = Math.round(5000 * Math.min(1, scale));
  const configuration = { 'connections.max.idle.ms': '8000' };
  await using cluster = await ClusterProcess.start({ configuration });
  using bystander = await Bystander.start(cluster.port, 'quiet');
  await bystander.during(wait(1500));
  t.diagnostic(`alone: ${bystander.latency()}`);
  const before = await cluster.state();
  using crowd = await bystander.during(Crowd.open(cluster.port, count));
  t.diagnostic(`while ${count} connect: ${bystander.latency()}`);
  crowd.write(halfFrame(100_000_000, 1000));
  await bystander.during(
    eventually(async () => (await cluster.state()).requestBytes >= count * 1000, { timeoutMs: 60_000 }),
  );
  const after = await bystander.during(cluster.state());
  const each = (after.rss - before.rss) / count;
  t.diagnostic(`beside ${count} half frames: ${bystander.latency()}`);
  t.diagnostic(
    `memory: ${megabytes(before.rss)} before, ${megabytes(after.rss)} with them, ${each.toFixed(0)} bytes each`,
  );
  assert.ok(each < 64 * 1024, `${each} bytes a connection`);
  assert.ok(after.requestBytes <= count * 8192, `${after.requestBytes} bytes taken for ${count} half frames`);
  await bystander.during(eventually(() => crowd.ended === count, { timeoutMs: 60_000 }));
  t.diagnostic(`until they were closed: ${bystander.latency()}`);
  const end = await cluster.state();
  assert.deepEqual([end.connections, end.requestBytes], [1, 0]);
});

test('a client that sends a request byte by byte, without end, is closed', async () => {
  const configuration = { 'connections.max.idle.ms': '1500' };
  await using cluster = await ClusterProcess.start({ configuration });
  using bystander = await Bystander.start(cluster.port, 'steady');
  using crowd = await Crowd.open(cluster.port, 20);
  crowd.write(halfFrame(1_000_000, 1));
  const drip = setInterval(() => crowd.write(Uint8Array.of(0)), 50);
  try {
    await bystander.during(eventually(() => crowd.ended === 20));
  } finally {
    clearInterval(drip);
  }
  assert.match((await cluster.state()).events.join('\n'), /in \d+ ms it sent \d+ bytes of a request/);
});

test('a client that asks for files and never reads makes the broker read few of them, and is closed', async (t) => {
  const answerBytesMax = 8 * mebibyte;
  const configuration = { 'connections.max.idle.ms': '4000' };
  await using cluster = await ClusterProcess.start({ configuration, answerBytesMax, tailBytesMax: mebibyte });
  using bystander = await Bystander.start(cluster.port, 'read');
  for (let index = 0; index < 64; index++) await bystander.produce(900_000);
  const before = await cluster.state();
  const greedy = await Promise.all(Array.from({ length: 20 }, () => Peer.connect(cluster.port)));
  for (const peer of greedy) {
    peer.socket.pause();
    peer.socket.on('error', () => undefined);
    for (let index = 0; index < 200; index++) peer.socket.write(peer.encode(fetch, 12, fetchOf('read', index % 64)));
  }
  let most = before;
  let rssMax = 0;
  const watch = async (): Promise<boolean> => {
    const now = await cluster.state();
    rssMax = Math.max(rssMax, now.rss);
    if (now.answerBytes > most.answerBytes) most = now;
    return now.connections === 1;
  };
  await bystander.during(eventually(watch, { timeoutMs: 60_000 }));
  t.diagnostic(`beside clients that do not read: ${bystander.latency()}`);
  t.diagnostic(
    `asked for ${20 * 200} MiB; held ${megabytes(most.answerBytes)}, ${megabytes(rssMax - before.rss)} of memory`,
  );
  assert.ok(most.answerBytes > 0);
  assert.ok(rssMax - before.rss < 256 * mebibyte, `${rssMax - before.rss} bytes of memory`);
  // Each may pass the bound by one batch.
  assert.ok(most.answerBytes < answerBytesMax + 21 * mebibyte, `${most.answerBytes} bytes of answers`);
  assert.equal((await cluster.state()).answerBytes, 0);
  for (const peer of greedy) peer[Symbol.dispose]();
});

test('half frames hold no more than queued.max.request.bytes, and then give way to whole ones', async (t) => {
  const bytesMax = 8 * mebibyte;
  await using cluster = await ClusterProcess.start({ configuration: { 'queued.max.request.bytes': `${bytesMax}` } });
  using bystander = await Bystander.start(cluster.port, 'large');
  using crowd = await Crowd.open(cluster.port, 100);
  crowd.write(halfFrame(3_000_000, 1_000_000));
  let most = 0;
  const watch = async (): Promise<boolean> => {
    const now = await cluster.state();
    most = Math.max(most, now.requestBytes);
    return crowd.ended > 0;
  };
  await eventually(watch);
  await bystander.roundTrip(700_000);
  t.diagnostic(`half frames of 1 MB by 100 clients held at most ${megabytes(most)}`);
  // Beyond the bound each has what it read before it was stopped, and one at a time gets its whole frame.
  assert.ok(most < bytesMax + 100 * 128 * 1024 + 4 * mebibyte, `${most} bytes of requests`);
});

test('garbage and frames that are too large end their connections, and few words are made of them', async () => {
  await using cluster = await ClusterProcess.start({ configuration: {} });
  using bystander = await Bystander.start(cluster.port, 'calm');
  using large = await Crowd.open(cluster.port, 200);
  large.write(halfFrame(2_000_000_000, 100));
  using noisy = await Crowd.open(cluster.port, 200);
  for (const socket of noisy.sockets) {
    const noise = randomBytes(5000);
    // A length that is accepted, an API that there is not.
    noise.writeInt32BE(4000);
    noise.writeInt16BE(0x7000, 4);
    socket.write(noise);
  }
  await bystander.during(eventually(() => large.ended === 200 && noisy.ended === 200));
  const { events, connections } = await cluster.state();
  assert.equal(connections, 1);
  assert.ok(events.length > 0 && events.length < 200, `${events.length} reports`);
});

test('a flood of requests on one connection lets the others have their turns, and is answered in order', async () => {
  await using cluster = await ClusterProcess.start({ configuration: {} });
  using flooding = await Peer.connect(cluster.port);
  using other = await Peer.connect(cluster.port);
  await other.request(metadata, 12, { topics: [] });
  const draft = { clientSoftwareName: 'flood', clientSoftwareVersion: '1' };
  const answered: string[] = [];
  const count = 20_000;
  const frames = Array.from({ length: count }, () => flooding.encode(apiVersions, 3, draft));
  let expected = 0;
  const last = frames.map((_, index) =>
    flooding.exchange(index === 0 ? Buffer.concat(frames) : new Uint8Array(0)).then((frame) => {
      expected += 1;
      assert.equal(correlationIdOf(frame), expected);
      if (expected === 1) answered.push('first');
      if (expected === count) answered.push('last');
    }),
  );
  await last[0];
  await other.request(metadata, 12, { topics: [] });
  answered.push('other');
  await Promise.all(last);
  assert.deepEqual(answered, ['first', 'other', 'last']);
});
