/**
 * Requests as they go over the wire, for what no client lets one provoke: a connection to one broker, on which each
 * request is answered in turn, and the brokers of a cluster by the part that they play. It logs in nowhere: PLAINTEXT
 * alone. Answers are those of the wire; `comparable` turns them into what two brokers can be compared by.
 */
import { connect, type Socket } from 'node:net';
import {
  type Api,
  ByteWriter,
  decodeResponse,
  describeTransactions,
  encodeRequest,
  errorRow,
  FrameSplitter,
  findCoordinator,
  heartbeat,
  listOffsets,
  metadata,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import type { Behaviour } from './behaviour.ts';
import type { Place } from './place.ts';
import type { Scope } from './scope.ts';
import { settled } from './settled.ts';

/** The broker closed a connection on which an answer was still to come. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';
}

interface Waiter {
  readonly resolve: (frame: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

export class RawConnection implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: Waiter[] = [];
  #correlationId = 0;
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const frames = new FrameSplitter(2 ** 27, (frame) => this.#waiting.shift()?.resolve(new Uint8Array(frame)));
    socket.on('data', (chunk) => frames.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#isClosed = true;
      for (const { reject } of this.#waiting.splice(0)) reject(closed());
    });
  }

  /** `address` is `HOST:PORT`. */
  static connect(address: string): Promise<RawConnection> {
    const colon = address.lastIndexOf(':');
    const [host, port] = [address.slice(0, colon), Number(address.slice(colon + 1))];
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port }, () => resolve(new RawConnection(socket)));
      socket.once('error', reject);
    });
  }

  /** Rejects with `ConnectionClosedError` when the broker closes the connection instead. */
  async request<A extends Api>(api: A, version: number, draft: RequestDraft<A>): Promise<ResponseOf<A>> {
    this.#write(api, version, draft);
    return decodeResponse(api, version, await this.#nextFrame());
  }

  /** Sends a request that is never answered, as a Produce with `acks` 0. */
  send<A extends Api>(api: A, version: number, draft: RequestDraft<A>): void {
    this.#write(api, version, draft);
  }

  /** Sends bytes as they are; resolves with the frame that answers them, without its length. */
  sendBytes(bytes: Uint8Array): Promise<Uint8Array> {
    const answer = this.#nextFrame();
    this.#socket.write(bytes);
    return answer;
  }

  /** Asks again and again until the answer is as wanted, or time is up; resolves with the last one. */
  requestUntil<A extends Api>(
    api: A,
    version: number,
    draft: () => RequestDraft<A>,
    isWanted: (answer: ResponseOf<A>) => boolean,
  ): Promise<ResponseOf<A>> {
    return settled(() => this.request(api, version, draft()), isWanted);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #nextFrame(): Promise<Uint8Array> {
    if (this.#isClosed) return Promise.reject(closed());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #write<A extends Api>(api: A, version: number, draft: RequestDraft<A>): void {
    this.#correlationId += 1;
    const { chunks } = encodeRequest(new ByteWriter(), api, version, this.#correlationId, 'conformance', draft);
    for (const chunk of chunks) this.#socket.write(new Uint8Array(chunk));
  }
}

function closed(): ConnectionClosedError {
  return new ConnectionClosedError('the broker closed the connection');
}

/** Has a fresh connection become that of a user. */
export type Login = (connection: RawConnection) => Promise<void>;

/** The brokers of a place by the part that they play; its connections end with the scope. */
export class RawCluster {
  readonly #place: Place;
  readonly #scope: Scope;
  readonly #login: Login | undefined;
  readonly #connections = new Map<string, Promise<RawConnection>>();

  /** Over PLAINTEXT; over SASL_PLAINTEXT when there is a way to log in there. */
  constructor(place: Place, scope: Scope, login?: Login) {
    this.#place = place;
    this.#scope = scope;
    this.#login = login;
  }

  /** Of any broker, always the same one. */
  any(): Promise<RawConnection> {
    return this.#to(this.#bootstrap());
  }

  /** A connection of one's own to any broker. */
  async fresh(): Promise<RawConnection> {
    return await this.#open(this.#bootstrap());
  }

  /** A connection of one's own to the leader of a partition. */
  async freshLeader(topic: string, partition = 0): Promise<RawConnection> {
    await this.leader(topic, partition);
    return await this.#open(await this.#addressOf(await this.leaderId(topic, partition)));
  }

  async broker(nodeId: number): Promise<RawConnection> {
    return await this.#to(await this.#addressOf(nodeId));
  }

  async #addressOf(nodeId: number): Promise<string> {
    const { brokers } = await (await this.any()).request(metadata, 12, { topics: [] });
    const broker = brokers.find((each) => each.nodeId === nodeId);
    if (broker === undefined) throw new Error(`there is no broker ${nodeId}`);
    return `${broker.host}:${broker.port}`;
  }

  /** The broker that leads a partition, once that knows it does. */
  async leader(topic: string, partition = 0): Promise<RawConnection> {
    const leader = await this.broker(await this.leaderId(topic, partition));
    const topics = [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -1 }] }];
    const draft = () => ({ replicaId: -1, isolationLevel: 0, topics });
    await leader.requestUntil(listOffsets, 4, draft, (answer) => answer.topics[0]?.partitions[0]?.errorCode === 0);
    return leader;
  }

  async leaderId(topic: string, partition = 0): Promise<number> {
    const { leaderId } = await this.partition(topic, partition);
    return leaderId;
  }

  /** What metadata says of a partition, once it has a leader. */
  async partition(topic: string, partition = 0): Promise<PartitionMetadata> {
    const connection = await this.any();
    const found = await settled(
      async () => {
        const draft = { topics: [{ name: topic }], allowAutoTopicCreation: false };
        const [answer] = (await connection.request(metadata, 12, draft)).topics;
        const described = answer?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
        return described === undefined ? undefined : { ...described, topicId: answer?.topicId ?? '' };
      },
      (described) => described !== undefined && described.leaderId >= 0,
    );
    if (found === undefined) throw new Error(`partition ${partition} of ${topic} has no leader`);
    return found;
  }

  async topicId(topic: string): Promise<string> {
    return (await this.partition(topic)).topicId;
  }

  /** The node id of a coordinator, once it serves. */
  async coordinatorId(kind: 'group' | 'transaction', key: string): Promise<number> {
    await this.coordinator(kind, key);
    const draft = { keyType: kind === 'group' ? 0 : 1, coordinatorKeys: [key] };
    const { coordinators } = await (await this.any()).request(findCoordinator, 4, draft);
    return coordinators[0]?.nodeId ?? -1;
  }

  /** The coordinator of a group or of a transactional id, once that knows it is and has loaded what it must know. */
  async coordinator(kind: 'group' | 'transaction', key: string): Promise<RawConnection> {
    const connection = await this.any();
    const draft = { keyType: kind === 'group' ? 0 : 1, coordinatorKeys: [key] };
    const find = async (): Promise<RawConnection | undefined> => {
      const [found] = (await connection.request(findCoordinator, 4, draft)).coordinators;
      if (found?.errorCode !== 0) return undefined;
      const coordinator = await this.#to(`${found.host}:${found.port}`);
      const error = errorName(await (kind === 'group' ? groupProbe : transactionProbe)(coordinator, key));
      return notServing.has(error) ? undefined : coordinator;
    };
    const coordinator = await settled(find, (each) => each !== undefined);
    if (coordinator === undefined) throw new Error(`the ${kind} ${key} has no coordinator`);
    return coordinator;
  }

  #to(address: string): Promise<RawConnection> {
    const connection = this.#connections.get(address) ?? this.#open(address);
    this.#connections.set(address, connection);
    return connection;
  }

  #bootstrap(): string {
    const servers = this.#place.bootstrap(this.#login === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT');
    return servers.split(',')[0] ?? '';
  }

  async #open(address: string): Promise<RawConnection> {
    const connection = await RawConnection.connect(address);
    this.#scope.defer(() => connection[Symbol.dispose]());
    await this.#login?.(connection);
    return connection;
  }
}

/** A try with raw requests, which count as our own client's. */
export function raw(attempt: (cluster: RawCluster, scope: Scope, place: Place) => Promise<unknown>): Behaviour['by'] {
  return { millrace: (place, scope) => attempt(new RawCluster(place, scope), scope, place) };
}

export interface PartitionMetadata {
  readonly topicId: string;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
}

const notServing = new Set(['COORDINATOR_LOAD_IN_PROGRESS', 'COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR']);

async function groupProbe(coordinator: RawConnection, groupId: string): Promise<number> {
  const asked = { groupId, memberId: 'nobody', generationId: 0 };
  return (await coordinator.request(heartbeat, 4, asked)).errorCode;
}

async function transactionProbe(coordinator: RawConnection, transactionalId: string): Promise<number | undefined> {
  const asked = { transactionalIds: [transactionalId] };
  return (await coordinator.request(describeTransactions, 0, asked)).transactionStates[0]?.errorCode;
}

/** Kafka's name of an error, `NONE` when there is none. */
export function errorName(code: number | undefined): string {
  return code === undefined ? 'nothing was answered' : errorRow(code).name;
}

export interface ComparableOptions {
  /** Texts that differ from run to run, and what stands for them: names of topics, ids. */
  readonly names?: Readonly<Record<string, string>>;
  /** Fields left out, beside `throttleTimeMs`. */
  readonly without?: readonly string[];
}

/** An answer with errors by name, texts that differ from run to run replaced, and without throttle times. */
export function comparable(answer: unknown, { names = {}, without = [] }: ComparableOptions = {}): unknown {
  const left = new Set(['throttleTimeMs', ...without]);
  const convert = (value: unknown, field: string): unknown => {
    if (field === 'errorCode') return errorRow(value as number).name;
    if (typeof value === 'string') return renamed(value, names);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    if (Array.isArray(value)) return value.map((each) => convert(each, ''));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([name]) => !left.has(name));
    return Object.fromEntries(entries.map(([name, each]) => [name, convert(each, name)]));
  };
  return convert(answer, '');
}

function renamed(text: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce((named, [name, stands]) => named.replaceAll(name, stands), text);
}
