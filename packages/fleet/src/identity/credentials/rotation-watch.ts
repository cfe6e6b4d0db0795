/**
 * Ends rotations: retires an application's older password once it is said, or was seen, to use the newer one, or when
 * the older one's time is over. And warns of certificates that expire. One process at a time does so.
 */

import type { Principal } from '@millrace/api';
import { isMillraceError, messageOf, type Platform } from '@millrace/base';
import type { Kysely } from 'kysely';
import { databaseError } from '../../database/database-error.ts';
import { whileLeading } from '../../database/lease.ts';
import type { Schema } from '../../database/schema.ts';
import { appendEvents, type EventFeed } from '../../events/event-feed.ts';
import type { UseObservations } from '../observations.ts';
import { type Credential, type CredentialStore, mayBeKnown } from './credential-store.ts';
import { daysLeft } from './credential-views.ts';
import type { StartOperations } from './deliver.ts';

export interface RotationWatchOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly feed: EventFeed;
  /** This process, by a name that no other has. */
  readonly holder: string;
  readonly store: CredentialStore;
  readonly operations: Pick<StartOperations, 'start'>;
  readonly observations: Pick<UseObservations, 'lastSeen'>;
  readonly report: (message: string) => void;
}

/** Who ends what a person has begun. */
export const watcher: Principal = { kind: 'system', name: 'identity', role: 'admin', teams: [] };

const pollMs = 5_000;
/** How long the old user must not have been seen, where that can be seen. */
const quietMs = 60_000;
/** Before what has failed is tried again. */
const againMs = 60_000;
const warningDays = [30, 14, 7, 3, 1, 0];

/** Runs until it is closed. */
export class RotationWatch {
  readonly #options: RotationWatchOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #unsubscribe: () => void;
  readonly #tries = new Map<string, { readonly count: number; readonly notBefore: number }>();
  #wake = Promise.withResolvers<void>();

  constructor(options: RotationWatchOptions) {
    this.#options = options;
    const { db, platform, holder, report, feed } = options;
    this.#unsubscribe = feed.subscribe((events) => {
      if (events.some(({ kind }) => kind === 'application')) this.#wake.resolve();
    });
    const lease = { db, platform, holder, report, name: 'identity' };
    this.#running = whileLeading(lease, ({ signal }) => this.#watch(signal), this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake.resolve();
    signal.addEventListener('abort', wake);
    let told = '';
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        told = '';
      } catch (error) {
        const sentence = messageOf(databaseError(error, 'credentials can not be watched'));
        if (sentence !== told) this.#options.report(sentence);
        told = sentence;
      }
      const timer = this.#options.platform.timers.after(pollMs, wake);
      await this.#wake.promise;
      timer.cancel();
      this.#wake = Promise.withResolvers();
    }
    signal.removeEventListener('abort', wake);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { store, platform, observations } = this.#options;
    const now = new Date(platform.clock.now());
    const live = (await store.list()).filter(({ endedAt }) => endedAt === null);
    const passwords = live.filter((each) => each.kind === 'scram' && mayBeKnown(each));
    for (const [application, own] of Map.groupBy(passwords, (each) => each.application)) {
      const recent = own.at(-1);
      if (own.length < 2 || recent === undefined) continue;
      const seen = await observations.lastSeen(own.map(({ principal }) => principal));
      const why = reasonToRetire(recent, own.slice(0, -1), seen, now);
      if (why !== undefined) await this.#retire(application, recent, why, signal);
    }
    for (const credential of live) await this.#warn(credential, now);
  }

  /** An operation that has failed is followed by another one after a while, one that people cancelled by none. */
  async #retire(application: string, { id }: Credential, why: string, signal: AbortSignal): Promise<void> {
    const { operations, platform, report } = this.#options;
    const now = platform.clock.monotonic();
    const { count, notBefore } = this.#tries.get(id) ?? { count: 1, notBefore: now };
    if (notBefore > now) return;
    const again = (): void => void this.#tries.set(id, { count: count + 1, notBefore: now + againMs });
    try {
      const asked = { principal: watcher, why, signal, idempotencyKey: `retire all but ${id}, ${count}` };
      const { state } = await operations.start('credential_retire', { application, stays: id }, asked);
      if (state === 'failed') again();
    } catch (error) {
      // Somebody was faster, or has changed what it is about: the next look tells.
      if (!isMillraceError(error)) throw error;
      if (error.code === 'stale_plan') again();
      else if (error.code !== 'conflict') report(`${application}: ${messageOf(error)}`);
    }
  }

  /** Once for each number of days, whichever process it is. */
  async #warn({ id, application, expiresAt }: Credential, now: Date): Promise<void> {
    if (expiresAt === null) return;
    const left = daysLeft(expiresAt, now);
    const days = warningDays.filter((each) => left <= each).at(-1);
    if (days === undefined) return;
    await this.#options.db.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable('credential')
        .set({ warned_days: days })
        .where('id', '=', id)
        .where((each) => each.or([each('warned_days', 'is', null), each('warned_days', '>', days)]))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      await appendEvents(transaction, [{ kind: 'application', id: application, what: 'certificate_expiring' }]);
    });
  }
}

/** Undefined as long as the older ones may still be needed. */
export function reasonToRetire(
  recent: Credential,
  older: readonly Credential[],
  seen: ReadonlyMap<string, Date>,
  now: Date,
): string | undefined {
  if (recent.oldUntil !== null && recent.oldUntil <= now) return `the time of ${principals(older)} is over`;
  const seenNew = seen.get(recent.principal);
  const isSeen = seenNew !== undefined && seenNew > recent.issuedAt;
  if (recent.confirmedAt === null && !isSeen) return undefined;
  const seenOld = older.map(({ principal }) => seen.get(principal)?.getTime() ?? 0);
  const lastOld = Math.max(...seenOld);
  const isQuiet = now.getTime() - lastOld >= quietMs;
  // What was said is believed, unless something was seen since that says otherwise.
  if (recent.confirmedAt !== null && (lastOld < recent.confirmedAt.getTime() || isQuiet)) {
    return `${recent.application} uses ${recent.principal}, says ${recent.confirmedBy}`;
  }
  return isSeen && lastOld > 0 && isQuiet ? `${recent.principal} was seen in use, and older ones no more` : undefined;
}

function principals(credentials: readonly Credential[]): string {
  return credentials.map(({ principal }) => principal).join(', ');
}
