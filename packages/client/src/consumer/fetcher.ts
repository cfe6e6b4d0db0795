/**
 * Fetches ahead: for each broker that leads partitions of this consumer at most one request at a time, which waits at
 * the broker for data, over a connection of its own. What arrives becomes chunks in the order of arrival, within a
 * memory budget.
 *
 * A partition that is to be fetched from somewhere while such a request waits without it (a seek, a resume, a new
 * assignment) does not wait along: it is fetched aside, over a second connection and outside the session, until that
 * comes back empty.
 */
import { isMillraceError, messageOf, type Timer } from '@millrace/base';
import { KafkaError } from '@millrace/wire';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { FetchBudget } from './fetch-budget.ts';
import { FetchIntake, type FetchIntakeHost } from './fetch-intake.ts';
import { type FetchExchange, FetchRequests } from './fetch-requests.ts';
import { FetchSession } from './fetch-session.ts';
import type { PartitionState } from './partition-state.ts';

/** Less room than this is not worth a request while there is something to hand out. */
const requestBytesMin = 64 * 1024;

interface BrokerFetch {
  readonly nodeId: number;
  readonly session: FetchSession;
  isBusy: boolean;
  isBusyAside: boolean;
  /** Partitions that were fetched aside and had nothing, since the last request of the session; by their seeks. */
  readonly quiet: Map<PartitionState, number>;
  failures: number;
  notBefore: number;
  /** Grows with each request to any broker: the smaller, the longer this one has waited. */
  turn: number;
}

export interface FetcherHost extends FetchIntakeHost {
  /** Partitions that are owned, in a stable order. */
  readonly states: () => Iterable<PartitionState>;
  /** There is no memory to fetch more. */
  readonly starved: () => void;
}

export class Fetcher {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #budget: FetchBudget;
  readonly #host: FetcherHost;
  readonly #requests: FetchRequests;
  readonly #intake: FetchIntake;
  readonly #brokers = new Map<number, BrokerFetch>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #turns = 0;
  /** A fetch was put off for want of memory. */
  #isStarved = false;
  /** After an error that another try does not cure, until `goOn`. */
  #isStopped = false;
  #isClosed = false;

  constructor(cluster: Cluster, settings: ConsumerSettings, budget: FetchBudget, host: FetcherHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#budget = budget;
    this.#host = host;
    this.#requests = new FetchRequests(cluster, settings);
    this.#intake = new FetchIntake(cluster, budget, settings.isolationLevel === 1, host);
  }

  /** Sends the fetches that can be sent. Called whenever a position, a leader or an assignment changed. */
  poke(): void {
    if (this.#isClosed || this.#isStopped) return;
    const wasStarved = this.#isStarved;
    this.#isStarved = false;
    const now = this.#cluster.settings.platform.clock.monotonic();
    const fetches = [...this.#fetchable(now)].map(([nodeId, states]) => ({ broker: this.#brokerOf(nodeId), states }));
    // Where memory does not last for all, those that are first in order would take it again and again.
    if (wasStarved) fetches.sort((a, b) => a.broker.turn - b.broker.turn);
    for (const { broker, states } of fetches) {
      if (broker.notBefore > now) {
        this.#wakeAt(broker.notBefore, now);
        continue;
      }
      const aside = broker.isBusy ? this.#leftOut(broker, states) : [];
      if (broker.isBusy && aside.length === 0) continue;
      const bytesMax = this.#roomForRequest();
      if (bytesMax === 0) {
        this.#isStarved = true;
        this.#host.starved();
        break;
      }
      if (broker.isBusy) this.#fetchAside(broker, aside, bytesMax);
      else this.#fetch(broker, states, bytesMax);
    }
  }

  /** Tries again what was given up. Called when a loop begins, so that each one hears what keeps it from records. */
  goOn(): void {
    this.#isStopped = false;
    for (const state of this.#host.states()) state.isStuck = false;
    this.poke();
  }

  /** Goes on where memory was wanting. Called when some became free. */
  memoryFreed(): void {
    if (this.#isStarved) this.poke();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#requests.close();
  }

  #fetchable(now: number): Map<number, PartitionState[]> {
    const byBroker = new Map<number, PartitionState[]>();
    for (const state of this.#host.states()) {
      if (!state.isPositioned || state.isPaused || state.isStuck || state.mustValidate) continue;
      if (state.leader < 0 || state.fetchPosition >= state.endOffset) continue;
      if (state.notBefore > now) {
        this.#wakeAt(state.notBefore, now);
        continue;
      }
      const nodeId = state.nearReplica >= 0 && state.nearReplicaUntil > now ? state.nearReplica : state.leader;
      const states = byBroker.get(nodeId);
      if (states === undefined) byBroker.set(nodeId, [state]);
      else states.push(state);
    }
    return byBroker;
  }

  #brokerOf(nodeId: number): BrokerFetch {
    let broker = this.#brokers.get(nodeId);
    if (broker === undefined) {
      broker = {
        nodeId,
        session: new FetchSession(),
        isBusy: false,
        isBusyAside: false,
        quiet: new Map<PartitionState, number>(),
        failures: 0,
        notBefore: 0,
        turn: 0,
      };
      this.#brokers.set(nodeId, broker);
    }
    return broker;
  }

  /**
   * Bytes that the next request may ask for; 0 when it had better wait. Leaves as much again for requests to others.
   */
  #roomForRequest(): number {
    const { fetchBytesMax } = this.#settings;
    const bytes = Math.min(fetchBytesMax, Math.ceil(this.#budget.freeBytes / 2));
    const isTooLittle = bytes < Math.min(requestBytesMin, fetchBytesMax);
    return isTooLittle && !this.#budget.isEmpty ? 0 : Math.max(bytes, 1);
  }

  #leftOut(broker: BrokerFetch, states: readonly PartitionState[]): PartitionState[] {
    if (broker.isBusyAside) return [];
    return states.filter((state) => !broker.session.isAsked(state) && broker.quiet.get(state) !== state.seekCount);
  }

  #fetch(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): void {
    broker.isBusy = true;
    broker.turn = ++this.#turns;
    broker.quiet.clear();
    this.#budget.reserve(bytesMax);
    this.#exchange(broker, states, bytesMax).then(
      () => {
        broker.isBusy = false;
        broker.failures = 0;
        this.#budget.unreserve(bytesMax);
        this.poke();
      },
      (error: unknown) => {
        broker.isBusy = false;
        this.#budget.unreserve(bytesMax);
        broker.session.broken();
        this.#broke(broker, states, error);
      },
    );
  }

  #fetchAside(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): void {
    broker.isBusyAside = true;
    broker.turn = ++this.#turns;
    this.#budget.reserve(bytesMax);
    const before = states.map(({ fetchPosition, seekCount }) => ({ fetchPosition, seekCount }));
    this.#exchangeAside(broker, states, bytesMax).then(
      () => {
        broker.isBusyAside = false;
        this.#budget.unreserve(bytesMax);
        for (const [place, { fetchPosition, seekCount }] of before.entries()) {
          const state = states[place] as PartitionState;
          if (state.fetchPosition === fetchPosition) broker.quiet.set(state, seekCount);
        }
        this.poke();
      },
      (error: unknown) => {
        broker.isBusyAside = false;
        this.#budget.unreserve(bytesMax);
        this.#broke(broker, states, error);
      },
    );
  }

  async #exchange(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): Promise<void> {
    const { session } = broker;
    const exchange = await this.#requests.send(broker.nodeId, session, states, bytesMax);
    if (this.#isClosed) return;
    if (!session.answered(exchange.response)) throw refused(exchange);
    this.#intake.take(session, exchange);
  }

  async #exchangeAside(broker: BrokerFetch, states: readonly PartitionState[], bytesMax: number): Promise<void> {
    const session = new FetchSession();
    const exchange = await this.#requests.sendAside(broker.nodeId, session, states, bytesMax);
    if (this.#isClosed) return;
    if (exchange.response.errorCode !== 0) throw refused(exchange);
    this.#intake.take(session, exchange);
  }

  #broke(broker: BrokerFetch, states: readonly PartitionState[], error: unknown): void {
    if (this.#isClosed) return;
    if (!isMillraceError(error)) throw error;
    const { platform, report } = this.#cluster.settings;
    for (const state of states) state.nearReplica = -1;
    if (!error.retriable) {
      // A refused login, say: each further one brings the user closer to being locked out.
      this.#isStopped = true;
      return this.#host.failed(error);
    }
    broker.failures++;
    const now = platform.clock.monotonic();
    broker.notBefore = now + backoffMs(this.#cluster.settings, broker.failures, platform.randomness);
    report({ level: 'warn', event: 'fetch_failed', message: `${messageOf(error)}; trying again`, error });
    this.#intake.refresh(new Set(states.map(({ topic }) => topic)));
    this.poke();
  }

  #wakeAt(time: number, now: number): void {
    if (time >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = time;
    this.#timer = this.#cluster.settings.platform.timers.after(Math.max(1, Math.ceil(time - now)), () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#timer = undefined;
      this.poke();
    });
  }
}

function refused({ response, broker }: FetchExchange): KafkaError {
  return new KafkaError(response.errorCode, `fetch from broker ${broker}`);
}
