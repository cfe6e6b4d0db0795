/**
 * What a mirror promises of each record, and how its writers begin accordingly.
 *
 * Exactly once rests on a transactional id for each shard, which fences whoever had the shard before. At least once
 * does without: a worker goes on from the last checkpoint, so that what was stored behind it is stored again, and an
 * older worker that still writes is not kept from it. Neither leaves a record out, nor changes the order in which
 * records come for the first time.
 */
import { isMillraceError } from '@millrace/base';
import {
  answerError,
  type CallBounds,
  type Cluster,
  noIdentity,
  type ProducerIdentity,
  transactionRequests,
} from '@millrace/client/protocol';
import { errorCodes, initProducerId, KafkaError } from '@millrace/wire';
import { GuaranteeRefusedError } from '../mirror-errors.ts';
import type { MirrorReport } from '../mirror-event.ts';
import { offsetsTopicOf } from '../topics/offsets-topic.ts';
import { withCoordinator } from './fencing.ts';

export type Guarantee = 'exactly-once' | 'at-least-once';

/** What is given up by it, for a person. */
const repeatsMessage =
  'records are copied at least once: a crash, or a worker that takes over, repeats about the last second of them';

const transactionTimeoutMs = 60_000;
/** Epochs are 16 bits; the last is left unused. */
const epochMax = 0x7ffe;

/**
 * Finds out whether the target lets this client write under transactional ids like those of the mirror's shards, by
 * one that no shard has; or tells what is given up. Rejects with `GuaranteeRefusedError`, or a retriable error.
 */
export async function assure(
  guarantee: Guarantee,
  cluster: Cluster,
  mirror: string,
  report: MirrorReport,
): Promise<void> {
  if (guarantee === 'at-least-once') {
    return report({ level: 'info', event: 'repeats_possible', message: repeatsMessage });
  }
  const prefix = `${offsetsTopicOf(mirror)}.`;
  const id = `${prefix}check`;
  try {
    await withCoordinator(cluster, id, {}, (connection, timeoutMs) =>
      transactionRequests.init(connection, id, transactionTimeoutMs, noIdentity, timeoutMs),
    );
  } catch (error) {
    throw isRefusal(error) ? new GuaranteeRefusedError(prefix, error) : error;
  }
}

/**
 * The producer of a worker that fences nobody: idempotent where the target gives ids to this client, so that a retry
 * repeats nothing, else one without an id. What is opened has an epoch of its own, in which numbers begin anew.
 */
export class UnfencedProducer {
  readonly #cluster: Cluster;
  readonly #bounds: CallBounds;
  #id: Promise<ProducerIdentity> | undefined;
  #opened = 0;

  /** `signal` ends what is asked. */
  constructor(cluster: Cluster, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#bounds = { signal };
  }

  /** Rejects with a retriable error when the target can't be asked. */
  async begin(): Promise<ProducerIdentity> {
    this.#id ??= this.#ask();
    const id = await this.#id.catch((error: unknown) => {
      this.#id = undefined;
      throw error;
    });
    if (id.producerId < 0) return id;
    const epoch = id.epoch + this.#opened++;
    if (epoch <= epochMax) return { ...id, epoch };
    this.#id = undefined;
    this.#opened = 0;
    return this.begin();
  }

  async #ask(): Promise<ProducerIdentity> {
    try {
      return await this.#cluster.retrying(this.#bounds, async () => {
        const draft = { transactionalId: null, transactionTimeoutMs: 0 };
        const { errorCode, producerId, producerEpoch } = await this.#cluster.callAny(initProducerId, draft);
        if (errorCode !== 0) throw answerError(errorCode, 'ask for a producer id');
        return { producerId, epoch: producerEpoch, isTransactional: false };
      });
    } catch (error) {
      if (isRefusal(error)) return noIdentity;
      throw error;
    }
  }
}

/** A broker without such requests, or one that does not let this client make them. */
function isRefusal(error: unknown): error is Error {
  if (isMillraceError(error, 'unsupported_api') || isMillraceError(error, 'authorization_failed')) return true;
  return error instanceof KafkaError && error.errorCode === errorCodes.UNSUPPORTED_VERSION;
}
