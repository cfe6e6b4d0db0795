/**
 * Who uses a topic, as clients report it, on its way into the inventory. Whose a report is its token has said; no name
 * in a report counts. It is believed that records went through where the service may send its application, so nobody
 * is made a user of topics that are not declared for it. A stream that is open and has no records is no use; nor one
 * without bytes, where nobody counts records.
 *
 * A use that is seen for the first time is stored with the next write, one that goes on only every ten minutes, with
 * the time when it was reported last. What could not be stored waits here.
 */
import type { StreamReport } from '@millrace/api/config';
import type { Clock } from '@millrace/base';
import type { UseObservation } from '../../inventory/uses/topic-use.ts';
import { BoundedMap } from '../bounded-map.ts';

export interface ReportedUsesOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether the topic is there, and its application may find it there. */
  readonly isPlausible: (application: string, stream: StreamReport) => boolean;
  /** Told of each use once; rejects when none of them may be stored. */
  readonly store: (uses: readonly UseObservation[]) => Promise<void>;
}

interface Noted {
  readonly use: UseObservation;
  readonly isStored: boolean;
  /** Undefined while it never was. */
  readonly storedAt: number | undefined;
}

/** Times of uses that go on are moved this often. */
const storeEveryMs = 10 * 60_000;
const notedMax = 100_000;

export class ReportedUses {
  readonly #options: ReportedUsesOptions;
  readonly #noted = new BoundedMap<string, Noted>(notedMax);

  constructor(options: ReportedUsesOptions) {
    this.#options = options;
  }

  /** Takes what an application, which is known by its token, reported at a time. In memory. */
  note(application: string, streams: readonly StreamReport[], at: Date): void {
    for (const stream of streams) {
      if ((stream.recordsPerSecond ?? stream.bytesPerSecond) <= 0 || !this.#options.isPlausible(application, stream))
        continue;
      const { cluster, topic, role } = stream;
      const key = [cluster, topic, role, application].join('\n');
      const use = { cluster, topic, role, source: 'client_report', name: application, hosts: [], at } as const;
      this.#noted.set(key, { use, isStored: false, storedAt: this.#noted.get(key)?.storedAt });
    }
  }

  /** Stores what is due, or all that waits. What fails stays. */
  async store(which: 'due' | 'all' = 'due'): Promise<void> {
    const now = this.#options.clock.now();
    const isOld = ({ storedAt }: Noted): boolean => storedAt === undefined || now - storedAt >= storeEveryMs;
    const due: [string, Noted][] = [];
    for (const [key, noted] of this.#noted.entries()) {
      if (noted.isStored && isOld(noted)) this.#noted.delete(key);
      else if (!noted.isStored && (which === 'all' || isOld(noted))) due.push([key, noted]);
    }
    if (due.length === 0) return;
    await this.#options.store(due.map(([, { use }]) => use));
    for (const [key, { use }] of due) {
      // It may have been reported again meanwhile.
      const latest = this.#noted.get(key)?.use ?? use;
      this.#noted.set(key, { use: latest, isStored: latest === use, storedAt: now });
    }
  }
}
