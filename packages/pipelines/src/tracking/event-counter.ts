/**
 * Counts what `tracking.events` holds, once, in one process and its memory: cleans, enriches and adds up as the
 * standing pipeline does, with nothing running beside.
 */
import type { Client } from '@millrace/client';
import { type OrderedStore, openMemoryStore } from '@millrace/store';
import { cleanEvent } from './clean/clean-event.ts';
import { contentDigest } from './clean/content-digest.ts';
import { KeptInMemory } from './clean/kept-in-memory.ts';
import { enrichEvent } from './enrich/enrich-event.ts';
import type { TrackingEvent } from './event.ts';
import { topicRanges } from './topic-ranges.ts';
import { type StoredEvent, trackingEvents } from './topics.ts';
import { Turns } from './turns.ts';
import { TrackingView } from './view/tracking-view.ts';

export interface ReadProgress {
  /** Records read so far by this reading, and how many there are to read. */
  readonly done: number;
  readonly total: number;
}

export interface CounterOptions {
  /** Only events of this site are counted; the others are told apart all the same. */
  readonly site?: string | undefined;
  /** Whether the view can answer about funnels and retention, which takes memory for each event. Default false. */
  readonly keepsSteps?: boolean | undefined;
}

export class EventCounter implements AsyncDisposable {
  readonly view: TrackingView;
  readonly #store: OrderedStore;
  readonly #kept = new KeptInMemory();
  /** Next offset to read, by partition. */
  readonly #next = new Map<number, number>();
  readonly #site: string | undefined;
  #duplicates = 0;
  #unreadable = 0;

  private constructor(store: OrderedStore, view: TrackingView, site: string | undefined) {
    this.#store = store;
    this.view = view;
    this.#site = site;
  }

  static async open({ site, keepsSteps = false }: CounterOptions = {}): Promise<EventCounter> {
    const store = openMemoryStore();
    return new EventCounter(store, await TrackingView.open(store, new Map(), { keepsSteps }), site);
  }

  /** Bytes that telling events apart takes. */
  get keptBytes(): number {
    return this.#kept.bytes;
  }

  /** Whether this very event was counted. */
  has(event: TrackingEvent): boolean {
    return this.#kept.compare(event.messageId, contentDigest(event)) === 'same';
  }

  add(stored: StoredEvent): void {
    if ('unreadable' in stored) {
      this.#unreadable++;
      return;
    }
    const event = cleanEvent(stored, this.#kept);
    if (event === undefined) this.#duplicates++;
    else if (this.#site === undefined || event.site === this.#site) this.view.add(enrichEvent(event));
  }

  /** Reads to where the topic ends now, from its start or from where the last reading ended. */
  async toEnd(client: Client, signal?: AbortSignal, onProgress?: (progress: ReadProgress) => void): Promise<void> {
    const ranges = await topicRanges(client, [trackingEvents.name], { signal });
    const from = (partition: number, start: number): number => Math.max(start, this.#next.get(partition) ?? 0);
    const total = ranges.reduce((sum, { partition, start, end }) => sum + Math.max(0, end - from(partition, start)), 0);
    let done = 0;
    const turns = new Turns();
    const assign = ranges.map(({ partition, start }) => ({
      topic: trackingEvents,
      partition,
      offset: from(partition, start),
    }));
    await using consumer = client.consumer<(typeof trackingEvents)[]>({ assign, until: 'end', from: 'earliest' });
    for await (const batch of consumer.batches({ signal })) {
      for (const record of batch) {
        this.add(record.value);
        if (turns.isOver) await turns.next();
      }
      this.#next.set(batch.partition, batch.nextOffset);
      done += batch.recordCount;
      onProgress?.({ done, total });
    }
    await this.commit();
  }

  /** Has readers of the view see what was added. */
  async commit(): Promise<void> {
    this.view.setDropped('all', { duplicates: this.#duplicates, unreadable: this.#unreadable });
    await this.view.commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.close();
  }
}
