/** What tests of hostile clients are made of: crowds of sockets, a peer that speaks the protocol, and a bystander. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import {
  type Api,
  ByteWriter,
  createTopics,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  fetch,
  produce,
  RecordBatchBuilder,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';

const mebibyte = 2 ** 20;

/** Sockets of a hostile client, and how many of them the broker has ended. */
export class Crowd implements Disposable {
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
export class Peer implements Disposable {
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
export class Bystander implements Disposable {
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

export function fetchOf(topic: string, fetchOffset: number): RequestDraft<typeof fetch> {
  const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: mebibyte }];
  return { maxWaitMs: 0, minBytes: 1, maxBytes: mebibyte, topics: [{ topic, partitions }] };
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The first bytes of a frame that is announced to be longer. */
export function halfFrame(announced: number, sent: number): Uint8Array {
  const bytes = Buffer.alloc(4 + sent);
  bytes.writeInt32BE(announced);
  return bytes;
}
