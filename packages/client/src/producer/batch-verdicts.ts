/**
 * What becomes of a batch that a broker did not store, or did not tell of: again later, again elsewhere, in halves,
 * under a new epoch, or given up.
 */
import { messageOf } from '@millrace/base';
import { errorCodes } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import { backoffMs } from '../backoff.ts';
import type { Cluster } from '../cluster.ts';
import type { Accumulator } from './accumulator.ts';
import type { Deliveries } from './deliveries.ts';
import { given, timedOut } from './delivery-failures.ts';
import type { IdentitySource } from './identity-source.ts';
import type { PartitionBatch } from './partition-batch.ts';
import { isGap, isStaleLeader, leavesDoubt, needsNewProducerId } from './produce-errors.ts';
import type { PartitionAnswer } from './produce-request.ts';
import { lastAttemptMs, type ProducerSettings } from './producer-settings.ts';
import type { Transactions } from './transactions.ts';

export class BatchVerdicts {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #accumulator: Accumulator;
  readonly #deliveries: Deliveries;
  readonly #identity: IdentitySource;
  readonly #transactions: Transactions | undefined;

  constructor(
    cluster: Cluster,
    settings: ProducerSettings,
    accumulator: Accumulator,
    deliveries: Deliveries,
    identity: IdentitySource,
    transactions: Transactions | undefined,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#accumulator = accumulator;
    this.#deliveries = deliveries;
    this.#identity = identity;
    this.#transactions = transactions;
  }

  /** The connection broke, or the answer did not come in time. */
  lost(batch: PartitionBatch, error: Error): void {
    batch.queue.leader = -1;
    this.#retry(batch, error);
  }

  /** The broker answered with an error, or (undefined) left the batch out of its answer. */
  refused(batch: PartitionBatch, answer: PartitionAnswer | undefined): void {
    const { queue } = batch;
    const errorCode = answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
    const detail = answer === undefined ? 'the answer does not name the partition' : answer.errorMessage;
    const error = answerError(errorCode, `produce to ${queue.topic} [${queue.partition}]`, detail, {
      operation: 'write',
      resourceType: 'topic',
      resourceName: queue.topic,
    });
    batch.lastRefusal = error;
    if (leavesDoubt(errorCode)) batch.maybeStored = true;
    if (errorCode === errorCodes.MESSAGE_TOO_LARGE && batch.recordCount > 1) {
      queue.unnumber(batch);
      this.#accumulator.split(batch);
    } else if (this.#settings.idempotent && isGap(errorCode)) {
      queue.refusedOutOfOrder(batch);
      this.#retry(batch, error);
    } else if (this.#settings.idempotent && this.#transactions === undefined && needsNewProducerId(errorCode)) {
      this.#identity.reset(batch.identity);
      queue.refusedOutOfOrder(batch);
      this.#retry(batch, error);
    } else if (error.retriable) {
      if (isStaleLeader(errorCode)) queue.leader = -1;
      this.#retry(batch, error);
    } else {
      queue.unnumber(batch);
      this.#deliveries.failed(batch, given(batch, error));
    }
  }

  #retry(batch: PartitionBatch, error: Error): void {
    const { queue } = batch;
    const { platform, report } = this.#cluster.settings;
    const { deliveryTimeoutMs } = this.#settings;
    const now = platform.clock.monotonic();
    batch.attempts++;
    batch.lastError = error;
    const leftMs = batch.createdAt + deliveryTimeoutMs - now - lastAttemptMs(deliveryTimeoutMs);
    if (leftMs <= 0) {
      this.#deliveries.failed(batch, timedOut(batch, deliveryTimeoutMs));
      return;
    }
    const dropReason = this.#transactions?.dropReason;
    if (dropReason !== undefined) return this.#deliveries.failed(batch, given(batch, dropReason));
    queue.putBack(batch);
    queue.draining = queue.inFlight.length > 0;
    queue.notBefore = now + Math.min(leftMs, backoffMs(this.#cluster.settings, batch.attempts, platform.randomness));
    report({ level: 'warn', event: 'produce_retried', message: `${messageOf(error)}; trying again`, error });
  }
}
