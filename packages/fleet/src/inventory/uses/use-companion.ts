/** Keeps who was seen to use topics, so that it is known after they are gone; and forgets history that is old. */
import type { Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import type { Lease } from '../../database/lease.ts';
import type { Schema } from '../../database/schema.ts';
import type { InventoryCompanion, Look } from '../live-inventory.ts';
import { ObservedStore } from '../store/observed-store.ts';
import { storeUses } from './use-store.ts';
import { observationsOf } from './uses-seen.ts';

/** Times of uses that go on are moved this often. */
const storeEveryMs = 10 * 60_000;
const pruneEveryMs = 3_600_000;
const dayMs = 24 * 3_600_000;

export class UseCompanion implements InventoryCompanion {
  readonly #db: Kysely<Schema>;
  readonly #platform: Platform;
  readonly #keptDays: number;
  /** By cluster: uses that were stored, and when. */
  readonly #stored = new Map<string, { readonly at: number; readonly keys: ReadonlySet<string> }>();
  #prunedAt = 0;

  constructor(db: Kysely<Schema>, platform: Platform, keptDays: number) {
    this.#db = db;
    this.#platform = platform;
    this.#keptDays = keptDays;
  }

  async onLooked(lease: Lease, { cluster, at }: Look): Promise<void> {
    if (cluster.problem !== undefined) return;
    const seen = observationsOf(cluster);
    const last = this.#stored.get(cluster.name);
    const isDue = last === undefined || at - last.at >= storeEveryMs;
    const keyOf = ({ topic, role, name }: (typeof seen)[number]): string => `${topic}\n${role}\n${name}`;
    const due = isDue ? seen : seen.filter((use) => !last.keys.has(keyOf(use)));
    if (due.length > 0) await storeUses(this.#db, due);
    if (due.length > 0 || isDue) {
      this.#stored.set(cluster.name, { at: isDue ? at : last.at, keys: new Set(seen.map(keyOf)) });
    }
    await this.#prune(lease);
  }

  async onEnd(): Promise<void> {
    this.#stored.clear();
  }

  async #prune(lease: Lease): Promise<void> {
    const now = this.#platform.clock.now();
    if (now - this.#prunedAt < pruneEveryMs) return;
    this.#prunedAt = now;
    await new ObservedStore(this.#db).prune(lease, new Date(now - this.#keptDays * dayMs));
  }
}
