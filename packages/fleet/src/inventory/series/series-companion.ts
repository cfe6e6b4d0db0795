/** Keeps figures over time: gathers what looks bring, stores what is over, forgets what is old. */
import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { Lease } from '../../database/lease.ts';
import type { Schema } from '../../database/schema.ts';
import type { InventoryCompanion, Look } from '../live-inventory.ts';
import type { OpenBuckets } from './query-series.ts';
import { SeriesCollector, type SeriesRow } from './series-collector.ts';
import { appendSeries, pruneSeries } from './series-store.ts';

const dayMs = 24 * 3_600_000;
const pruneEveryMs = 3_600_000;

export class SeriesCompanion implements InventoryCompanion {
  readonly #db: Kysely<Schema>;
  readonly #platform: Platform;
  readonly #keptDays: number;
  readonly #collectors = new Map<string, SeriesCollector>();
  /** What could not be stored yet, by cluster. */
  readonly #unstored = new Map<string, SeriesRow[]>();
  #prunedAt = 0;

  constructor(db: Kysely<Schema>, platform: Platform, keptDays: number) {
    this.#db = db;
    this.#platform = platform;
    this.#keptDays = keptDays;
  }

  /** What is gathered here and not stored yet. */
  readonly open: OpenBuckets = (cluster, subject) => this.#collectors.get(cluster)?.peek(subject);

  async onLooked(lease: Lease, { cluster, at, tookMs }: Look): Promise<void> {
    const collector = this.#collectors.get(cluster.name) ?? new SeriesCollector();
    this.#collectors.set(cluster.name, collector);
    const isReached = cluster.problem === undefined;
    await this.#append(
      lease,
      cluster.name,
      isReached ? collector.note(cluster, at, tookMs) : collector.noteUnreachable(at),
    );
    await this.#prune(lease);
  }

  async onEnd(lease: Lease): Promise<void> {
    const all = [...this.#collectors];
    this.#collectors.clear();
    for (const [name, collector] of all) await this.#append(lease, name, collector.flush());
  }

  async #append(lease: Lease, name: string, rows: readonly SeriesRow[]): Promise<void> {
    const all = [...(this.#unstored.get(name) ?? []), ...rows];
    if (all.length === 0) return;
    this.#unstored.set(name, all);
    await appendSeries(this.#db, lease, name, all);
    this.#unstored.delete(name);
  }

  async #prune(lease: Lease): Promise<void> {
    const now = this.#platform.clock.now();
    if (now - this.#prunedAt < pruneEveryMs) return;
    this.#prunedAt = now;
    await pruneSeries(this.#db, lease, new Date(now - this.#keptDays * dayMs));
  }
}
