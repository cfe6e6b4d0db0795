/**
 * What instances of applications report of their clients: the latest of each, in memory, written to the database every
 * few seconds so that all processes know them, and forgotten an hour after an instance was heard of last. While the
 * database is away the latest wait here. What they show of uses of topics goes on into the inventory.
 */
import { ProblemError } from '@millrace/api';
import type { ClientKpi, ConfigReport } from '@millrace/api/config';
import { messageOf, type Platform, type Timer } from '@millrace/base';
import type { Kysely } from 'kysely';
import { databaseError } from '../../database/database-error.ts';
import { isStorable } from '../../database/json.ts';
import type { Schema } from '../../database/schema.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type Heard, type KpiQuestion, kpisOf } from './client-kpis.ts';
import type { ReportedUses } from './reported-uses.ts';

export interface ReportsOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly report: (message: string) => void;
  readonly uses: Pick<ReportedUses, 'note' | 'store'>;
  /** Told when reports were written. */
  readonly onWritten: () => Promise<void>;
}

/** How often clients are to report. */
export const reportEveryMs = 10_000;
/** An instance that was not heard of for so long is taken to be gone. */
export const liveMs = 60_000;
const writeMs = 5_000;
const forgetMs = 3_600_000;
const heardMax = 100_000;
const rowsMax = 500;

export class Reports {
  readonly #options: ReportsOptions;
  #heard = new BoundedMap<string, Heard>(heardMax);
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #forgottenAt = 0;
  #told = '';
  #isClosed = false;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#writeLater();
  }

  take(application: string, report: ConfigReport): void {
    if (!isStorable(report)) {
      throw new ProblemError('invalid_request', 'a text of the report has the character NUL, or half of one');
    }
    const at = new Date(this.#options.platform.clock.now());
    this.#heard.set(`${application}\n${report.instance}`, { application, at, report });
    this.#options.uses.note(application, report.streams, at);
  }

  /** What clients see, per application, topic and role; the newest of each instance that is alive. */
  async kpis(question: KpiQuestion): Promise<ClientKpi[]> {
    await this.#write();
    return kpisOf(await this.live(question.application), question);
  }

  /** The newest of each instance that was heard of within the last hour: whether it is alive nobody may know. */
  known(): Promise<Heard[]> {
    return this.#since(forgetMs);
  }

  /** The newest of each instance that is alive, of one application or of all. */
  live(application?: string): Promise<Heard[]> {
    return this.#since(liveMs, application);
  }

  async #since(ageMs: number, application?: string): Promise<Heard[]> {
    const since = new Date(this.#options.platform.clock.now() - ageMs);
    const all = this.#options.db
      .selectFrom('config_report')
      .select(['application', 'reported_at', 'report'])
      .where('reported_at', '>', since);
    const rows = await (application === undefined ? all : all.where('application', '=', application)).execute();
    return rows.map(({ reported_at, ...heard }) => ({ ...heard, at: reported_at }));
  }

  /** Writes what has come, where that can be. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#writing;
    await this.#telling(async () => {
      await this.#write();
      await this.#options.uses.store('all');
    });
  }

  #writeLater(): void {
    if (this.#isClosed) return;
    this.#timer = this.#options.platform.timers.after(writeMs, () => {
      this.#writing = this.#telling(() => this.#writeAndForget()).finally(() => this.#writeLater());
    });
  }

  async #writeAndForget(): Promise<void> {
    if (await this.#write()) await this.#options.onWritten();
    await this.#options.uses.store();
    await this.#forget();
  }

  /** Tells what fails, once, since it is tried again. */
  async #telling(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#told = '';
    } catch (error) {
      const sentence = messageOf(databaseError(error, 'reports of clients wait to be written'));
      if (sentence !== this.#told) this.#options.report(sentence);
      this.#told = sentence;
    }
  }

  /** Answers whether there were any. */
  async #write(): Promise<boolean> {
    const heard = this.#heard;
    if (heard.size === 0) return false;
    this.#heard = new BoundedMap(heardMax);
    const all = [...heard.values()];
    try {
      for (let at = 0; at < all.length; at += rowsMax) await this.#writeRows(all.slice(at, at + rowsMax));
      return true;
    } catch (error) {
      // What came meanwhile is newer.
      for (const [key, each] of heard.entries()) if (this.#heard.get(key) === undefined) this.#heard.set(key, each);
      throw error;
    }
  }

  async #writeRows(all: readonly Heard[]): Promise<void> {
    const rows = all.map(({ application, at, report }) => {
      return { application, instance: report.instance, reported_at: at, report: JSON.stringify(report) };
    });
    await this.#options.db
      .insertInto('config_report')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['application', 'instance'])
          .doUpdateSet((each) => ({
            reported_at: each.ref('excluded.reported_at'),
            report: each.ref('excluded.report') as never,
          }))
          .whereRef('config_report.reported_at', '<=', 'excluded.reported_at'),
      )
      .execute();
  }

  async #forget(): Promise<void> {
    const now = this.#options.platform.clock.now();
    if (now - this.#forgottenAt < liveMs) return;
    this.#forgottenAt = now;
    await this.#options.db
      .deleteFrom('config_report')
      .where('reported_at', '<', new Date(now - forgetMs))
      .execute();
  }
}
