/**
 * How a producer goes on while what is below it is exchanged: settings, credentials, the cluster itself.
 *
 * There is one side, a plain producer on one cluster, that takes what is written. When another target is wanted these
 * states are gone through, and back to the first:
 *
 *     flowing    records go to the side.
 *     preparing  the same, while a new side is made for the target. Only one that reaches its cluster and finds the
 *                topics there goes on; otherwise this is tried again, and what works now works on.
 *     settling   the same, with transactions: the open one goes on to its end, and no other begins.
 *     holding    records are copied and kept, in their order. The old side finishes what it has: each record is
 *                acknowledged, or has failed, and its writer was told. Where the topic is on another cluster now, this
 *                has a deadline, after which the old side is abandoned: what it had not finished fails with
 *                `AmbiguousDeliveryError`, and is sent nowhere else.
 *     releasing  the old side is done with; what was held goes to the new side in its order, new records behind it.
 *
 * What holds at any time:
 *
 * 1. A record is handed to one side, ever. What one side took, no other gets, whatever became of it.
 * 2. Nothing is handed to a side before each record of the side before it was acknowledged or has failed.
 * 3. What is held is older than what is written next and newer than what the old side has: so the order per key is that
 *    of the calls, over any number of switches.
 *    What was abandoned has no place in it: it may be on its way still, and arrive at any time, or never.
 * 4. A transaction lies on one side from its beginning to its end, and a side takes the transactional id only when the
 *    one before it has no transaction open, since that fences it. A producer that was fenced by another process stays
 *    so.
 * 5. All topics of a producer are on the same side: they go together, once all answers agree, or not at all.
 * 6. One switch at a time. A target that is wanted meanwhile comes after it; what is prepared for one that nobody wants
 *    any more is let go of before it takes anything.
 * 7. Memory is bounded as a plain producer's is, what is held counted with the rest.
 *
 * Brokers that are replaced within a cluster need no switch (see `ClusterClients`).
 */
import { isMillraceError, type MillraceError, messageOf, type Platform } from '@millrace/base';
import { ClosedError, type Delivery, DeliveryError } from '@millrace/client';
import { asRecords } from '@millrace/client/protocol';
import { type ClusterPlace, isElsewhere, type Target, wayText } from '../clients/target.ts';
import type { ConfigEvent, Report } from '../report.ts';
import { TargetFollower } from '../target-follower.ts';
import type { Wanted } from '../wanted.ts';
import { type HeldRecord, HeldRecords, recordOf } from './held-records.ts';
import type { ProducerSide } from './producer-side.ts';
import { TransactionDoor } from './transaction-door.ts';
import type { UnreportedFailures } from './unreported-failures.ts';

/** One switch that came to its end. */
export interface Switched {
  readonly from: ClusterPlace;
  readonly to: ClusterPlace;
  /** For how long nothing was sent, in ms. */
  readonly pauseMs: number;
  /** Whether the old side was abandoned. */
  readonly forced: boolean;
}

export interface ProducerSwitchOptions {
  readonly platform: Platform;
  readonly topics: readonly string[];
  readonly wanted: Wanted;
  readonly first: ProducerSide;
  /** Makes a side for a target, which takes nothing yet. Throws where that can't be. */
  readonly makeSide: (target: Target) => ProducerSide;
  /** How long a side may take to finish when the topic is on another cluster now, in ms. */
  readonly drainTimeoutMs: number;
  /** Told of held records that no side could take, as the options of a producer say. */
  readonly onDelivery: ((delivery: Delivery) => void) | undefined;
  readonly observe: (delivery: Delivery) => void;
  readonly switched: (what: Switched) => void;
  /** Whether others that have to come along are ready to go to a cluster. */
  readonly agrees: (place: ClusterPlace) => boolean;
  readonly report: Report;
}

export class ProducerSwitch {
  readonly door = new TransactionDoor();
  readonly #options: ProducerSwitchOptions;
  readonly #unreported: UnreportedFailures;
  /** Ends the wait for an old side. */
  readonly #force = new AbortController();
  readonly #leaving = new Set<Promise<void>>();
  readonly #follower: TargetFollower<ProducerSide>;
  #side: ProducerSide;
  #held: HeldRecords | undefined;

  constructor(options: ProducerSwitchOptions, unreported: UnreportedFailures) {
    this.#options = options;
    this.#unreported = unreported;
    this.#side = options.first;
    const { platform, wanted, report, makeSide } = options;
    this.#follower = new TargetFollower({
      ...{ platform, wanted, report, makeSide },
      present: () => this.#side.target,
      mayGoTo: (target) => this.#mayGoTo(target),
      switchTo: (next) => this.#switchTo(next),
    });
  }

  /** The side that takes what is not held. */
  get side(): ProducerSide {
    return this.#side;
  }

  /** What is held; undefined while records flow. */
  get held(): HeldRecords | undefined {
    return this.#held;
  }

  /** No other target is followed; resolves when a switch that is under way has ended. `signal` hastens it. */
  async end(signal: AbortSignal | undefined): Promise<void> {
    const force = (): void => this.#force.abort();
    if (signal?.aborted) force();
    signal?.addEventListener('abort', force, { once: true });
    await this.#follower.end(new ClosedError('producer'));
    signal?.removeEventListener('abort', force);
    await Promise.all(this.#leaving);
  }

  #mayGoTo({ cluster }: Target): boolean {
    return !isElsewhere(cluster, this.#side.target.cluster) || this.#options.agrees(cluster);
  }

  /** Answers false when this producer is of no use any more. */
  async #switchTo(next: ProducerSide): Promise<boolean> {
    const { platform, switched, drainTimeoutMs } = this.#options;
    const old = this.#side;
    const [from, to] = [old.target.cluster, next.target.cluster];
    const isMove = isElsewhere(from, to);
    const giveUp = new AbortController();
    const timer = isMove ? platform.timers.after(drainTimeoutMs, () => giveUp.abort()) : undefined;
    const given = AbortSignal.any([this.#force.signal, giveUp.signal]);
    this.door.shut();
    await until(this.door.isEmpty(), given);
    // From here until the new side is in place nothing is handed to any.
    const begunAt = platform.clock.monotonic();
    const held = new HeldRecords(platform, next);
    this.#held = held;
    const isFenced = await this.#drain(old, given);
    timer?.cancel();
    if (isFenced) {
      this.#flow(held);
      await next.close();
      return false;
    }
    if (given.aborted) await this.#abandon(old, isMove ? to.name : undefined);
    await next.start();
    this.#side = next;
    // The look that finds nothing and the end are in one turn of the event loop: nothing is added in between.
    do await held.drainTo((record) => this.#release(next, record));
    while (!held.isEmpty);
    this.#flow(held);
    const pauseMs = platform.clock.monotonic() - begunAt;
    this.#tell(
      'info',
      'switched',
      `${this.#options.topics.join(', ')}: ${wayText(from, to)} within ${Math.round(pauseMs)} ms`,
    );
    switched({ from, to, pauseMs, forced: given.aborted });
    this.#leave(old);
    return true;
  }

  #flow(held: HeldRecords): void {
    this.#held = undefined;
    held.end();
    this.door.open();
  }

  /** Waits until the side has finished, or is to be given up. Answers whether it is fenced by another process. */
  async #drain(side: ProducerSide, givenUp: AbortSignal): Promise<boolean> {
    try {
      await until(this.#unreported.keep(side.producer.flush(), side), givenUp);
      return false;
    } catch (error) {
      if (isMillraceError(error, 'producer_fenced')) return true;
      // What the last transaction ran into; it is over.
      if (isMillraceError(error, 'transaction_abortable')) return false;
      throw error;
    }
  }

  async #abandon(old: ProducerSide, to: string | undefined): Promise<void> {
    const message = `cluster ${old.target.cluster.name} had not acknowledged everything in time; the rest is given up`;
    this.#tell('error', 'switch_forced', message);
    await this.#unreported.keep(to === undefined ? old.close(AbortSignal.abort()) : old.abandon(to), old);
  }

  /** The new side takes a held record, and waits first where it has no room. */
  #release(side: ProducerSide, record: HeldRecord): Promise<void> | undefined {
    if (!side.hasRoom) return side.producer.ready().then(() => this.#release(side, record));
    const { waiter } = record;
    if (waiter !== undefined) {
      side.send(recordOf(record)).then(waiter.resolve, waiter.reject);
      return undefined;
    }
    try {
      side.producer.write(recordOf(record));
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#failed(record, error);
    }
    return undefined;
  }

  /** The new side can't take a record: its topic has fewer partitions, say, or smaller batches. */
  #failed(record: HeldRecord, error: MillraceError): void {
    const { topic, partition } = record;
    const where = { topic, partition, recordCount: 1, maybeStored: false };
    const failure = new DeliveryError('delivery_failed', where, messageOf(error), error);
    const { observe, onDelivery, platform } = this.#options;
    const delivery: Delivery = {
      ...{ topic, partition, baseOffset: -1, recordCount: 1, sizeInBytes: 0, error: failure },
      begunAtMs: platform.clock.monotonic(),
      records: () => asRecords([record]),
    };
    observe(delivery);
    if (onDelivery !== undefined) onDelivery(delivery);
    else this.#unreported.note(failure);
  }

  /** Nobody waits for the old side's connections to close. */
  #leave(old: ProducerSide): void {
    const leaving = this.#unreported
      .keep(old.close(), old)
      .catch((error: unknown) => {
        if (!isMillraceError(error)) throw error;
        this.#tell('warn', 'switch_failed', `what was left did not close: ${messageOf(error)}`, error);
      })
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #tell(level: ConfigEvent['level'], event: ConfigEvent['event'], message: string, error?: Error): void {
    this.#options.report({ level, event, message, error });
  }
}

/** Resolves with the work, or when the signal aborts: the work then goes on unheard. */
async function until(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const abort = (): void => aborted.resolve();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
