/**
 * The id and epoch under which a producer's batches are numbered (KIP-98). It is asked for once; after a gap in the
 * numbers the epoch goes up by one, without asking (KIP-360), until epochs run out.
 */
import { initProducerId } from '@millrace/wire';
import { answerError } from '../authorization.ts';
import type { Cluster } from '../cluster.ts';
import type { ProducerIdentity } from './partition-batch.ts';

/** Epochs are 16 bits; the last is left unused. */
const epochMax = 0x7ffe;

export class IdentitySource {
  readonly #cluster: Cluster;
  readonly #signal: AbortSignal;
  readonly #onChange: (error: Error | undefined) => void;
  #current: ProducerIdentity | undefined;
  #asking = false;

  /** `onChange` is called when there is an identity, or when none can be had (with the reason). */
  constructor(cluster: Cluster, signal: AbortSignal, onChange: (error: Error | undefined) => void) {
    this.#cluster = cluster;
    this.#signal = signal;
    this.#onChange = onChange;
  }

  /** The identity to use, or undefined while there is none: it is then asked for. */
  get current(): ProducerIdentity | undefined {
    if (this.#current === undefined) this.#ask();
    return this.#current;
  }

  /** Begins a new epoch, unless `from` is over already. */
  bump(from: ProducerIdentity): void {
    if (this.#current !== from) return;
    const epoch = from.epoch + 1;
    this.#current = epoch > epochMax ? undefined : { producerId: from.producerId, epoch, isTransactional: false };
    const message =
      `the broker found a gap in the numbers of producer ${from.producerId}, which goes on in epoch ${epoch}; ` +
      'records are written again only where they are surely not stored';
    this.#cluster.settings.report({ level: 'warn', event: 'producer_epoch_bumped', message });
  }

  /** Gives up the producer id, unless `from` is not current any more; another is asked for. */
  reset(from: ProducerIdentity): void {
    if (this.#current?.producerId === from.producerId) this.#current = undefined;
  }

  #ask(): void {
    if (this.#asking || this.#signal.aborted) return;
    this.#asking = true;
    // Unbounded here: the batches that wait for it are bounded, and what is no use to repeat ends at once.
    this.#cluster
      .retrying({ signal: this.#signal, timeoutMs: Number.POSITIVE_INFINITY }, () => this.#attempt())
      .then(
        (identity) => {
          this.#asking = false;
          this.#current = identity;
          this.#onChange(undefined);
        },
        (error: Error) => {
          this.#asking = false;
          this.#onChange(error);
        },
      );
  }

  async #attempt(): Promise<ProducerIdentity> {
    const draft = { transactionalId: null, transactionTimeoutMs: 0 };
    const response = await this.#cluster.callAny(initProducerId, draft);
    if (response.errorCode !== 0) throw answerError(response.errorCode, 'ask for a producer id');
    return { producerId: response.producerId, epoch: response.producerEpoch, isTransactional: false };
  }
}
