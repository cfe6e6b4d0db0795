/**
 * Connections to the brokers of a cluster, opened when first asked for. A connection belongs to a purpose (requests
 * that may wait long, such as fetches and joins, must not hold up others), so there is one for each broker and purpose.
 * After a failure the next attempt waits, longer each time. One that nobody used for a while is closed: brokers and
 * what lies between drop such connections too, and not all of them say so.
 */
import { isMillraceError, type MillraceError, messageOf, sleep, type Timer } from '@millrace/base';
import type { FrameMemory } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import { ClosedError, ConnectionLostError, NoBrokerError } from '../errors.ts';
import { AuthenticationError } from '../security/security-errors.ts';
import type { BrokerAddress, ClientSettings } from '../settings.ts';
import type { ClientMetrics } from '../telemetry/client-metrics.ts';
import type { Connection } from './connection.ts';
import { openConnection } from './open-connection.ts';

export interface BrokerNode extends BrokerAddress {
  readonly nodeId: number;
  readonly rack: string | null;
}

interface Slot {
  connection: Connection | undefined;
  opening: Promise<Connection> | undefined;
  /** Attempts that failed since the last success. */
  failures: number;
  /** Monotonic time before which no new attempt is made. */
  notBefore: number;
  /** Given up on purpose: its end is no news. */
  released: boolean;
  /** The connection's `sentCount` when it was last looked at, and in how many looks it has not changed. */
  sentBefore: number;
  idleLooks: number;
}

/** A connection is idle when so many looks in a row find it unused. */
const idleLooksMax = 2;

const general = 'general';

export class BrokerPool {
  readonly #settings: ClientSettings;
  readonly #metrics: ClientMetrics | undefined;
  readonly #nodes = new Map<number, BrokerNode>();
  /** By purpose and `host:port`, so that a node that moved gets new connections. */
  readonly #slots = new Map<string, Map<string, Slot>>();
  readonly #memories = new Map<string, FrameMemory>();
  readonly #abort = new AbortController();
  #idleTimer: Timer | undefined;

  constructor(settings: ClientSettings, metrics?: ClientMetrics) {
    this.#settings = settings;
    this.#metrics = metrics;
  }

  /** The brokers of the latest metadata, by node id ascending. */
  get nodes(): BrokerNode[] {
    return [...this.#nodes.values()].sort((left, right) => left.nodeId - right.nodeId);
  }

  get isClosed(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Replaces what is known of the cluster's brokers. */
  setNodes(nodes: readonly BrokerNode[]): void {
    this.#nodes.clear();
    for (const node of nodes) this.#nodes.set(node.nodeId, node);
  }

  /** Adds or moves one broker (a coordinator that metadata didn't show yet). */
  setNode(node: Omit<BrokerNode, 'rack'>): void {
    this.#nodes.set(node.nodeId, { rack: this.#nodes.get(node.nodeId)?.rack ?? null, ...node });
  }

  /** The open connection for a purpose, if there is one. */
  openTo(nodeId: number, purpose: string): Connection | undefined {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return undefined;
    const connection = this.#slots.get(purpose)?.get(addressOf(node))?.connection;
    return connection?.isOpen ? connection : undefined;
  }

  /** A connection that is open already and on which nothing waits for long, to whichever broker. */
  openToAny(): Connection | undefined {
    for (const slot of this.#slots.get(general)?.values() ?? []) {
      if (slot.connection?.isOpen) return slot.connection;
    }
    return undefined;
  }

  /** Which brokers have not answered what: `host:port (Metadata)`. Requests that wait for long are not among them. */
  get awaited(): string[] {
    const awaited: string[] = [];
    for (const [address, { connection, opening }] of this.#slots.get(general) ?? []) {
      const request = connection?.pending.oldest;
      if (opening !== undefined) awaited.push(`${address} (opening a connection)`);
      else if (request !== undefined) awaited.push(`${address} (${request})`);
    }
    return awaited;
  }

  /**
   * A connection to a broker, opened if need be. Rejects with a retriable error when the broker is unknown or can't be
   * reached: fresh metadata may help.
   */
  async connect(nodeId: number, purpose = general): Promise<Connection> {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) {
      throw new ConnectionLostError(`${nodeId}`, 'no broker with this node id is in the metadata just now');
    }
    return this.#connectTo(node, purpose);
  }

  /**
   * A connection to whichever broker answers: known ones in random order, then the bootstrap list. Rejects with
   * `NoBrokerError`.
   */
  async connectToAny(): Promise<Connection> {
    const known = shuffled(this.nodes, (bound) => this.#settings.platform.randomness.integer(bound));
    for (const node of known) {
      const open = this.openTo(node.nodeId, general);
      if (open !== undefined) return open;
    }
    const { clock } = this.#settings.platform;
    const startedAt = clock.monotonic();
    const errors: MillraceError[] = [];
    const tried = new Set<string>();
    for (const address of [...known, ...this.#settings.bootstrap()]) {
      if (tried.has(addressOf(address))) continue;
      tried.add(addressOf(address));
      try {
        return await this.#connectTo(address, general);
      } catch (error) {
        if (this.isClosed || !isMillraceError(error)) throw error;
        // A login that is refused here is refused elsewhere too, and each try counts towards locking the user out.
        if (error instanceof AuthenticationError) throw error;
        errors.push(error);
      }
    }
    for (const error of errors) if (!error.retriable) throw error;
    throw new NoBrokerError([...tried], Math.round(clock.monotonic() - startedAt), errors);
  }

  /** What is answered for a purpose lies in this memory, on connections that are opened from now on. */
  useMemory(purpose: string, memory: FrameMemory): void {
    this.#memories.set(purpose, memory);
  }

  /** Ends the connections of one purpose. */
  release(purpose: string): void {
    this.#memories.delete(purpose);
    const slots = this.#slots.get(purpose);
    this.#slots.delete(purpose);
    for (const slot of slots?.values() ?? []) {
      slot.released = true;
      slot.connection?.close();
    }
  }

  /** Ends all connections and attempts; resolves once the attempts under way have given back what they held. */
  async close(): Promise<void> {
    const attempts = [...this.#slots.values()].flatMap((slots) => [...slots.values()].map(({ opening }) => opening));
    this.#abort.abort(new ClosedError('client'));
    this.#idleTimer?.cancel();
    for (const purpose of [...this.#slots.keys()]) this.release(purpose);
    await Promise.allSettled(attempts);
  }

  #connectTo(address: BrokerAddress, purpose: string): Promise<Connection> {
    const slot = this.#slotOf(address, purpose);
    if (slot.connection?.isOpen) return Promise.resolve(slot.connection);
    slot.opening ??= this.#open(address, purpose, slot).finally(() => {
      slot.opening = undefined;
    });
    return slot.opening;
  }

  async #open(address: BrokerAddress, purpose: string, slot: Slot): Promise<Connection> {
    const { signal } = this.#abort;
    const { platform, report } = this.#settings;
    signal.throwIfAborted();
    const waitMs = slot.notBefore - platform.clock.monotonic();
    if (waitMs > 0) await sleep(platform.timers, waitMs, signal);
    try {
      const observer = this.#metrics?.observe(purpose);
      const memory = this.#memories.get(purpose);
      const connection = await openConnection({ ...this.#settings, ...address, observer, memory, signal });
      if (slot.released) {
        connection.close();
        throw new ClosedError('connection');
      }
      slot.connection = connection;
      slot.failures = 0;
      slot.idleLooks = 0;
      this.#watchIdle();
      this.#metrics?.opened(purpose);
      connection.onEnd((error) => this.#ended(slot, connection, error));
      report({ level: 'info', event: 'connected', message: `connected to broker ${connection.broker} (${purpose})` });
      return connection;
    } catch (error) {
      if (!slot.released) {
        this.#delayNext(slot);
        report({ level: 'warn', event: 'connect_failed', message: messageOf(error), error: error as Error });
      }
      throw error;
    }
  }

  #watchIdle(): void {
    const { platform, connectionIdleMaxMs } = this.#settings;
    this.#idleTimer ??= platform.timers.after(Math.ceil(connectionIdleMaxMs / idleLooksMax), () => {
      this.#idleTimer = undefined;
      if (!this.isClosed && this.#closeIdle() > 0) this.#watchIdle();
    });
  }

  /** Closes connections that have been unused for long; answers how many are left. */
  #closeIdle(): number {
    let left = 0;
    for (const slot of [...this.#slots.values()].flatMap((slots) => [...slots.values()])) {
      const { connection } = slot;
      if (connection === undefined) continue;
      const isUsed = connection.pending.count > 0 || connection.sentCount !== slot.sentBefore;
      slot.sentBefore = connection.sentCount;
      slot.idleLooks = isUsed ? 0 : slot.idleLooks + 1;
      if (slot.idleLooks < idleLooksMax) {
        left++;
        continue;
      }
      // Its end is no failure, after which the next would have to wait.
      slot.connection = undefined;
      connection.close('it was idle');
    }
    return left;
  }

  #ended(slot: Slot, connection: Connection, error: Error): void {
    if (slot.connection !== connection) return;
    slot.connection = undefined;
    if (slot.released) return;
    this.#delayNext(slot);
    this.#settings.report({ level: 'info', event: 'connection_lost', message: error.message, error });
  }

  #delayNext(slot: Slot): void {
    const { clock, randomness } = this.#settings.platform;
    slot.failures++;
    slot.notBefore = clock.monotonic() + backoffMs(this.#settings, slot.failures, randomness);
  }

  #slotOf(address: BrokerAddress, purpose: string): Slot {
    let slots = this.#slots.get(purpose);
    if (slots === undefined) {
      slots = new Map();
      this.#slots.set(purpose, slots);
    }
    const key = addressOf(address);
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = {
        connection: undefined,
        opening: undefined,
        failures: 0,
        notBefore: 0,
        released: false,
        sentBefore: 0,
        idleLooks: 0,
      };
      slots.set(key, slot);
    }
    return slot;
  }
}

function addressOf(address: BrokerAddress): string {
  return `${address.host}:${address.port}`;
}

function shuffled<T>(items: readonly T[], random: (bound: number) => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
