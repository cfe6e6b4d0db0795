/** Records that failed and that nobody was told of: kept for the next `flush` or `close`, the first of them. */
import { DeliveryError } from '@millrace/client';
import type { ProducerSide } from './producer-side.ts';

export class UnreportedFailures {
  #first: DeliveryError | undefined;

  note(error: DeliveryError): void {
    this.#first ??= error;
  }

  /** Resolves with the work of a side; keeps failures of records, rejects with all others. */
  async keep(work: Promise<void>, side: ProducerSide): Promise<void> {
    try {
      await work;
    } catch (error) {
      const translated = side.translated(error);
      if (!(translated instanceof DeliveryError)) throw translated;
      this.note(translated);
    }
  }

  /** Throws what was kept, once. */
  throw(): void {
    const error = this.#first;
    this.#first = undefined;
    if (error !== undefined) throw error;
  }
}
