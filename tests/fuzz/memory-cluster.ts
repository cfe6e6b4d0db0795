/**
 * A broker with everything on (an authorizer, a listener with SASL, quotas) in memory: its clock stands still unless it
 * is told to pass, its disk and its network are of this process.
 */
import type { Socket } from '@millrace/base';
import { type BrokerEvent, type Cluster, startCluster } from '@millrace/broker';
import { CrashingDisk } from '@millrace/broker/testing/crashing-disk';
import { ManualPlatform, settle } from '@millrace/broker/testing/manual-platform';
import {
  type Api,
  ByteWriter,
  decodeResponse,
  encodeRequest,
  type RequestDraft,
  type ResponseOf,
  versionRange,
} from '@millrace/wire';
import { MemoryNetwork } from './memory-network.ts';

export const plainPort = 9092;
export const saslPort = 9093;
export const alice = { username: 'alice', password: 'alice-secret' };

/** Whoever comes through the plain listener may do everything, and who logs in what he is allowed to. */
export const fullConfiguration: Readonly<Record<string, string>> = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'sasl.server.callback.handler.class':
    'org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler',
};

export class MemoryCluster {
  readonly platform: ManualPlatform;
  readonly network: MemoryNetwork;
  readonly cluster: Cluster;
  readonly events: BrokerEvent[];

  private constructor(platform: ManualPlatform, network: MemoryNetwork, cluster: Cluster, events: BrokerEvent[]) {
    this.platform = platform;
    this.network = network;
    this.cluster = cluster;
    this.events = events;
  }

  /** Rejects as `startCluster` does. */
  static async start(disk = new CrashingDisk()): Promise<MemoryCluster> {
    const platform = new ManualPlatform(1, disk);
    const { clock, randomness, timers } = platform;
    const network = new MemoryNetwork();
    const events: BrokerEvent[] = [];
    const cluster = await startCluster({
      name: 'fuzzed',
      dataDirectory: '/data',
      brokers: [{ nodeId: 1, port: 0 }],
      platform: { clock, disk, randomness, timers, network },
      configuration: {
        ...fullConfiguration,
        listeners: `PLAINTEXT://127.0.0.1:${plainPort},SASL_PLAINTEXT://127.0.0.1:${saslPort}`,
      },
      security: { plainUsers: { [alice.username]: alice.password }, scramUsers: [alice] },
      report: (event) => events.push(event),
    });
    return new MemoryCluster(platform, network, cluster, events);
  }

  /** What was reported that is no fault of a peer's. */
  get defects(): string[] {
    return this.events.flatMap(({ message }) => (message.includes('defect') ? [message] : []));
  }

  /** What the disk holds once it was closed, started anew. Rejects as `startCluster` does. */
  async restarted(): Promise<MemoryCluster> {
    const closed = this.cluster.close();
    await this.whileTimePasses(closed);
    return MemoryCluster.start(this.platform.disk.copy());
  }

  /** Lets time pass until something is done. Throws when it is not within `limitMs`. */
  async whileTimePasses<T>(work: Promise<T>, limitMs = 120_000, stepMs = 50): Promise<T> {
    let isDone = false;
    const done = (): void => {
      isDone = true;
    };
    work.then(done, done);
    for (let turn = 0; turn < 3 && !isDone; turn++) await settle();
    for (let passed = 0; !isDone; passed += stepMs) {
      if (passed >= limitMs) throw new Error(`nothing came of it within ${limitMs} ms`);
      await this.platform.pass(stepMs);
    }
    return work;
  }

  /** A client without any logic. */
  async peer(port = plainPort): Promise<MemoryPeer> {
    return new MemoryPeer(await this.network.connect({ host: '127.0.0.1', port, timeoutMs: 1000 }), this);
  }
}

export class MemoryPeer implements Disposable {
  /** What came back and was not asked for yet. */
  readonly frames: Uint8Array[] = [];
  isClosed = false;
  readonly #socket: Socket;
  readonly #cluster: MemoryCluster;
  readonly #writer = new ByteWriter();
  #received = Buffer.alloc(0);

  constructor(socket: Socket, cluster: MemoryCluster) {
    this.#socket = socket;
    this.#cluster = cluster;
    socket.handle({
      data: (chunk) => this.#receive(chunk),
      drained: () => undefined,
      closed: () => {
        this.isClosed = true;
      },
    });
  }

  /** Sends bytes with their length before them. */
  send(frame: Uint8Array): void {
    this.#socket.write([framed(frame)]);
  }

  /** The next frame, while little time passes; undefined when none comes. */
  async next(): Promise<Uint8Array | undefined> {
    for (let turn = 0; turn < 6; turn++) {
      if (this.frames.length > 0 || this.isClosed) break;
      if (turn < 3) await settle();
      else await this.#cluster.platform.pass(turn === 5 ? 150 : 10);
    }
    return this.frames.shift();
  }

  async request<A extends Api>(
    api: A,
    draft: RequestDraft<A>,
    version = versionRange(api.versions).last,
  ): Promise<ResponseOf<A>> {
    this.send(requestFrame(this.#writer, api, draft, version));
    const frame = await this.next();
    if (frame === undefined) throw new Error(`${api.name} was not answered`);
    return decodeResponse(api, version, frame);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Frames of any length: bare tokens may be empty. */
  #receive(chunk: Uint8Array): void {
    let bytes = Buffer.concat([this.#received, chunk]);
    for (; bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0); ) {
      const end = 4 + bytes.readUInt32BE(0);
      this.frames.push(bytes.subarray(4, end));
      bytes = bytes.subarray(end);
    }
    this.#received = bytes;
  }
}

/** A request without its length. */
export function requestFrame<A extends Api>(
  writer: ByteWriter,
  api: A,
  draft: RequestDraft<A>,
  version: number,
): Uint8Array {
  return Uint8Array.from(Buffer.concat(encodeRequest(writer, api, version, 7, 'fuzz', draft).chunks).subarray(4));
}

function framed(frame: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + frame.length);
  bytes.writeUInt32BE(frame.length);
  bytes.set(frame, 4);
  return bytes;
}
