/**
 * What clean events add up to, on disk or in memory: figures, sessions, people, steps, live page views. It depends on
 * the set of events alone, never on their order.
 *
 * Invariants: what events change and how far the topic was read are one write, so that after a crash each event is
 * counted once. Memory is a cache with bounds. Readers see what was committed, but for the figures, which are those of
 * all that was added.
 */
import type { TrackingTotals } from '@millrace/api';
import type { OrderedStore } from '@millrace/store';
import { classify } from '../classify.ts';
import type { EnrichedEvent } from '../enrich/enriched-event.ts';
import { visitorOf } from '../event.ts';
import type { CleaningCounts } from '../topics.ts';
import { LiveTable } from './live-table.ts';
import { actorOf, PeopleTable } from './people-table.ts';
import { RowTable } from './row-table.ts';
import { sessionOf } from './session.ts';
import { SessionTable } from './session-table.ts';
import { SiteFigures } from './site-figures.ts';
import { StepTable } from './step-table.ts';

export interface TotalsOptions {
  /** Only this site; all sites without it. */
  readonly site?: string | undefined;
  /** How many pages to list; default 20. */
  readonly pages?: number | undefined;
}

export interface ViewOptions {
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Whether it keeps what funnels and retention are asked of. Default true. */
  readonly keepsSteps?: boolean | undefined;
}

/** How far a partition was read; `topicId` tells a topic from one of the same name that was there before it. */
export interface ReadPosition {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly nextOffset: number;
}

/** Grows when the same events would lead to other rows. */
const version = 1;
const versionKey = 'version';

export class TrackingView {
  readonly sessions: SessionTable;
  readonly people: PeopleTable;
  readonly steps: StepTable;
  readonly live: LiveTable;
  readonly figures: SiteFigures;
  readonly #store: OrderedStore;
  readonly #positions: RowTable<ReadPosition>;
  readonly #dropped: RowTable<CleaningCounts>;
  readonly #now: () => number;
  readonly #keepsSteps: boolean;

  private constructor(store: OrderedStore, { now = Date.now, keepsSteps = true }: ViewOptions) {
    this.#store = store;
    this.#now = now;
    this.#keepsSteps = keepsSteps;
    this.sessions = new SessionTable(store);
    this.people = new PeopleTable(store);
    this.steps = new StepTable(store);
    this.live = new LiveTable(store);
    this.figures = new SiteFigures(store);
    this.#positions = new RowTable(store, 'positions');
    this.#dropped = new RowTable(store, 'dropped');
  }

  /** The view that a store holds; it begins empty where that was made of another topic or by other rules. */
  static async open(
    store: OrderedStore,
    topicIds: ReadonlyMap<string, string>,
    options: ViewOptions = {},
  ): Promise<TrackingView> {
    const noted = new RowTable<number>(store, 'version').committed(versionKey);
    const positions = Array.from(new RowTable<ReadPosition>(store, 'positions').under(), ([, position]) => position);
    const isOther = positions.some(({ topic, topicId }) => topicIds.get(topic) !== topicId);
    if (noted !== version || isOther) {
      const batch = store.batch();
      for (const name of store.spaces()) batch.deleteRange(store.space(name));
      batch.put(store.space('version'), Buffer.from(versionKey), Buffer.from(JSON.stringify(version)));
      await store.write(batch);
    }
    return new TrackingView(store, options);
  }

  /** Where to go on in a partition; undefined where nothing of it was read. */
  positionOf(topic: string, partition: number): number | undefined {
    return this.#positions.get(`${topic}/${partition}`)?.nextOffset;
  }

  /** Counts an event; each must come once. */
  add(event: EnrichedEvent): void {
    const { site } = event;
    const { page, status } = classify(event);
    const at = Date.parse(event.timestamp);
    const isAutomated = event.facts.automated;
    const visitor = visitorOf(event);
    const isPerson = !isAutomated && visitor !== undefined;
    const session = isPerson ? this.sessions.add(site, visitor, sessionOf(event, page)) : undefined;
    this.figures.add({ site, at, isRequest: event.type === 'request', isAutomated, status, page, session });
    if (isAutomated) return;
    if (page !== undefined) this.live.add({ site, at, page, visitor }, this.#now());
    if (!isPerson) return;
    this.people.add(event, (where, change) => this.figures.addPeople(where, change));
    const actor = actorOf(event);
    if (actor !== undefined && this.#keepsSteps) this.steps.add(actor, event, page);
  }

  /** Notes what the cleaning of a partition has dropped so far. */
  setDropped(partition: string, counts: CleaningCounts): void {
    this.#dropped.put(partition, counts);
  }

  /** Writes what was added, with how far a topic was read by it. */
  async commit(position?: ReadPosition): Promise<void> {
    const batch = this.#store.batch();
    if (position !== undefined) this.#positions.put(`${position.topic}/${position.partition}`, position);
    for (const table of [this.sessions, this.people, this.steps, this.figures, this.#positions, this.#dropped]) {
      table.commit(batch);
    }
    this.live.commit(batch, this.#now());
    await this.#store.write(batch);
    for (const table of [this.sessions, this.people, this.steps, this.figures, this.live]) table.trim();
  }

  totals({ site, pages = 20 }: TotalsOptions = {}): TrackingTotals {
    const dropped = Array.from(this.#dropped.under(), ([, counts]) => counts);
    return {
      site: site ?? null,
      ...this.figures.counts(site),
      duplicates: dropped.reduce((sum, { duplicates }) => sum + duplicates, 0),
      unreadable: dropped.reduce((sum, { unreadable }) => sum + unreadable, 0),
      statuses: this.figures.statuses(site),
      pages: [...this.figures.pages(pages, site)],
      sites: this.figures.sites(site),
    };
  }
}
