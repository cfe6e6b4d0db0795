/** Remembers every event that was kept, without a bound in time: for one reading of a whole topic. */
import type { KeptEvents } from './clean-event.ts';
import { DigestSet } from './digest-set.ts';

export class KeptInMemory implements KeptEvents {
  readonly #ids = new DigestSet();
  readonly #events = new DigestSet();

  /** Bytes that telling events apart takes. */
  get bytes(): number {
    return this.#ids.bytes + this.#events.bytes;
  }

  compare(id: string, digest: string): 'new' | 'same' | 'other' {
    if (this.#events.has(`${id}\n${digest}`)) return 'same';
    return this.#ids.has(id) ? 'other' : 'new';
  }

  keep(id: string, digest: string): void {
    this.#ids.add(id);
    this.#events.add(`${id}\n${digest}`);
  }
}
