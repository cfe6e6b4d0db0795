/**
 * A consumer of committed records: never given one of a transaction that is open or aborted, nor a last stable offset
 * that goes back or passes an open transaction.
 */
import { sleep } from '@millrace/base';
import { errorCodes, errorRow, fetch } from '@millrace/wire';
import type { Actor, ActorHome, KnownPartition } from './actor.ts';
import { committedRecords } from './committed-records.ts';
import { InvariantViolation } from './history.ts';
import { isPassing } from './passing-trouble.ts';
import type { TransactionLedger } from './transaction-ledger.ts';
import { ConnectionGone, someVersion } from './wire-connection.ts';

const readCommitted = 1;

export class OracleCommittedReader implements Actor {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #home: ActorHome;
  readonly #ledger: TransactionLedger;
  /** The largest last stable offset that an answer named. */
  readonly #stable = new Map<KnownPartition, number>();
  #stopped = false;
  #recordsRead = 0;

  constructor(home: ActorHome, partitions: readonly KnownPartition[], ledger: TransactionLedger) {
    this.name = home.name;
    this.#home = home;
    this.#ledger = ledger;
    this.done = home.work(async () => {
      await Promise.all(partitions.map((partition) => this.#follow(partition)));
    });
  }

  get recordsRead(): number {
    return this.#recordsRead;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #follow(partition: KnownPartition): Promise<void> {
    let position = 0;
    while (!this.#stopped) {
      await sleep(this.#home.platform.timers, this.#home.randomness.integer(60));
      if (this.#home.randomness.integer(10) === 0) position = 0;
      try {
        position = (await this.read(partition, position)).end;
      } catch (error) {
        if (!(error instanceof ConnectionGone)) throw error;
      }
    }
  }

  /** Fetches once. Rejects with `ConnectionGone`. `stable` is the last stable offset, -1 when it was not told. */
  async read(
    partition: KnownPartition,
    position: number,
  ): Promise<{ readonly values: ReadonlyMap<number, string>; readonly end: number; readonly stable: number }> {
    const { topic, index, leader, history } = partition;
    const connection = await this.#home.broker(leader).open();
    const known = this.#stable.get(partition) ?? 0;
    const open = this.#ledger.stableMax(partition);
    const partitionMaxBytes = 1 + this.#home.randomness.integer(16 * 1024);
    const response = await connection.request(fetch, someVersion(this.#home.randomness, 4, 12), {
      maxWaitMs: this.#home.randomness.integer(50),
      minBytes: this.#home.randomness.integer(2),
      isolationLevel: readCommitted,
      topics: [{ topic, partitions: [{ partition: index, fetchOffset: position, partitionMaxBytes }] }],
    });
    const answer = response.responses[0]?.partitions[0];
    if (answer !== undefined && isPassing(answer.errorCode)) {
      return { values: new Map(), end: position, stable: -1 };
    }
    if (answer === undefined || answer.errorCode !== errorCodes.NONE) {
      const name = errorRow(answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR).name;
      throw new InvariantViolation(`${this.name}: a fetch of ${history.name} at ${position} failed with ${name}`);
    }
    const stable = answer.lastStableOffset;
    if (stable < known) this.#violate(partition, `${stable} is below ${known}, where it has been`);
    if (stable > answer.highWatermark) this.#violate(partition, `${stable} is beyond ${answer.highWatermark}`);
    if (stable > open.offset && open.holder?.outcome === 'open') {
      this.#violate(partition, `${stable} passes ${open.holder.name}, open from ${open.offset} on`);
    }
    this.#stable.set(partition, Math.max(stable, this.#stable.get(partition) ?? 0));
    const { values, end } = committedRecords(
      answer.records ?? new Uint8Array(),
      position,
      answer.abortedTransactions ?? [],
    );
    if (end > stable) this.#violate(partition, `${stable} was told, and records up to ${end} were given`);
    this.#recordsRead += values.size;
    for (const [offset, value] of values) {
      history.seen(offset, value);
      this.#ledger.seen(partition, offset, value);
    }
    return { values, end, stable };
  }

  /** Everything that is committed in a partition, once its last stable offset has reached its end. */
  async readAll(partition: KnownPartition): Promise<ReadonlyMap<number, string>> {
    const all = new Map<number, string>();
    let position = 0;
    while (position < partition.history.knowledge.highWatermark) {
      try {
        const { values, end } = await this.read(partition, position);
        for (const [offset, value] of values) all.set(offset, value);
        if (end === position) await this.#home.broker(partition.leader).pause();
        position = end;
      } catch (error) {
        if (!(error instanceof ConnectionGone)) throw error;
        await this.#home.broker(partition.leader).pause();
      }
    }
    return all;
  }

  #violate(partition: KnownPartition, message: string): void {
    this.#home.fail(new InvariantViolation(`the last stable offset of ${partition.history.name}: ${message}`));
  }
}
