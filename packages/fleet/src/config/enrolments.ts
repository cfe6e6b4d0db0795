/**
 * Enrolments of applications: with which tokens they ask the config service. Of a token there is a digest alone; who
 * has an enrolment that was ended is refused as soon as a process knows of it, within a second or so.
 *
 * An enrolment ends with its application, too: it does not come back with another of that name.
 */
import { randomUUID } from 'node:crypto';
import { type Principal, ProblemError, principalText } from '@millrace/api';
import type { EnrolmentView } from '@millrace/api/config';
import { messageOf, type Platform, type Timer } from '@millrace/base';
import type { Kysely, Selectable } from 'kysely';
import { digestOf, newSecret } from '../access/secret-token.ts';
import { appendAudit } from '../audit/audit-entry.ts';
import { databaseError } from '../database/database-error.ts';
import type { Schema } from '../database/schema.ts';
import { appendEvents } from '../events/event-feed.ts';
import { unknownApplication } from '../identity/credentials/credential-plan-kinds.ts';
import { noteConfigChange, readHeads } from './config-head.ts';
import { removedAt } from './removed-at.ts';
import type { ConfigEnrolmentTable } from './tables.ts';

/** How tokens of applications begin, so that scanners find those that were put where they don't belong. */
export const applicationTokenPrefix = 'mra_';

export interface EnrolmentsOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly report: (message: string) => void;
}

const noteMs = 30_000;

export class Enrolments {
  readonly #options: EnrolmentsOptions;
  /** Ids of those that were used since that was noted last. */
  readonly #used = new Set<string>();
  #timer: Timer | undefined;
  #noting: Promise<void> = Promise.resolve();

  constructor(options: EnrolmentsOptions) {
    this.#options = options;
    this.#noteLater();
  }

  /**
   * Its token is in the answer and nowhere else.
   *
   * @throws ProblemError `not_found` when the application is not declared
   */
  async create(application: string, principal: Principal, why: string): Promise<{ id: string; token: string }> {
    const id = randomUUID();
    const token = `${applicationTokenPrefix}${newSecret()}`;
    await this.#options.db.transaction().execute(async (transaction) => {
      await noteConfigChange(transaction);
      // From here on nobody removes it.
      const declared = transaction.selectFrom('declared').select('id').where('kind', '=', 'application');
      const known = await declared.where('id', '=', application).executeTakeFirst();
      if (known === undefined) throw unknownApplication(application);
      const { record } = await readHeads(transaction);
      const made = { digest: digestOf(token), created_by: principalText(principal), record_revision: record };
      await transaction
        .insertInto('config_enrolment')
        .values({ id, application, ...made })
        .execute();
      const after = { enrolment: id };
      await appendAudit(transaction, [
        { principal, action: 'enrolment.created', kind: 'application', id: application, after, why },
      ]);
      await appendEvents(transaction, [{ kind: 'application', id: application, what: 'enrolled' }]);
    });
    return { id, token };
  }

  /** Newest first, those that have ended too. */
  async list(application: string): Promise<EnrolmentView[]> {
    const rows = await this.#options.db
      .selectFrom('config_enrolment')
      .selectAll()
      .select(removedAt.as('removed_at'))
      .where('application', '=', application)
      .orderBy('created_at', 'desc')
      .limit(1_000)
      .execute();
    return rows.map((row) => enrolmentView({ ...row, ended_at: row.ended_at ?? row.removed_at }));
  }

  async end(application: string, id: string, principal: Principal, why: string): Promise<EnrolmentView> {
    const ended = await this.#options.db.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable('config_enrolment')
        .set({ ended_at: new Date(this.#options.platform.clock.now()), ended_by: principalText(principal) })
        .where('id', '=', id)
        .where('application', '=', application)
        .where('ended_at', 'is', null)
        .where(removedAt, 'is', null)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) return undefined;
      await noteConfigChange(transaction);
      const before = { enrolment: id };
      await appendAudit(transaction, [
        { principal, action: 'enrolment.ended', kind: 'application', id: application, before, why },
      ]);
      await appendEvents(transaction, [{ kind: 'application', id: application, what: 'enrolment_ended' }]);
      return enrolmentView(row);
    });
    if (ended !== undefined) return ended;
    const detail = `application ${application} has no enrolment ${JSON.stringify(id)} that could be ended`;
    throw new ProblemError('not_found', detail);
  }

  /** Noted within a minute. */
  use(id: string): void {
    this.#used.add(id);
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#noting;
  }

  #noteLater(): void {
    this.#timer = this.#options.platform.timers.after(noteMs, () => {
      this.#noting = this.#note();
      this.#noteLater();
    });
  }

  async #note(): Promise<void> {
    const ids = [...this.#used];
    if (ids.length === 0) return;
    this.#used.clear();
    try {
      await this.#options.db
        .updateTable('config_enrolment')
        .set({ last_used_at: new Date(this.#options.platform.clock.now()) })
        .where('id', 'in', ids)
        .execute();
    } catch (error) {
      for (const id of ids) this.#used.add(id);
      const failure = databaseError(error, 'when enrolments were used could not be noted');
      this.#options.report(messageOf(failure));
    }
  }
}

function enrolmentView(row: Selectable<ConfigEnrolmentTable>): EnrolmentView {
  return {
    id: row.id,
    application: row.application,
    createdAt: row.created_at.toISOString(),
    createdBy: row.created_by,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
  };
}
