/**
 * The record on PostgreSQL. What is declared lies in one table whatever its kind, each state that it had in another.
 * In memory is a snapshot, brought up to date from that history whenever the feed of changes says so.
 */
import { principalText } from '@millrace/api';
import type { KindName } from '@millrace/api/declared';
import { assert } from '@millrace/base';
import type { Kysely, Transaction } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import { jsonText } from '../database/json.ts';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';
import { appendEvents, type EventFeed } from '../events/event-feed.ts';
import type { Json } from '../operations/plan-kind.ts';
import { FleetSnapshot, type Restated } from './fleet-snapshot.ts';
import type { ChangeReason, Declared, DeclaredChange, DeclaredFleet, FleetRecord, PastDeclaration } from './record.ts';
import { InvalidDeclarationError, RecordConflictError } from './record-error.ts';
import { unsoundness } from './soundness.ts';

/** A change that changes something. */
interface Effect {
  readonly kind: KindName;
  readonly id: string;
  readonly spec: DeclaredChange['spec'];
  readonly before: Declared | undefined;
}

const rowsMax = 1_000;

/** What else has to be written in the transaction of a change, which holds the ledger's lock. */
export type AlongChange = (
  transaction: Transaction<Schema>,
  before: DeclaredFleet,
  after: DeclaredFleet,
  changes: readonly DeclaredChange[],
) => Promise<void>;

/** Reads all that is declared; current from then on until it is closed. `along` is called with each change. */
export async function openRecord(
  db: Kysely<Schema>,
  feed: EventFeed,
  along: AlongChange = async () => undefined,
): Promise<FleetRecord & AsyncDisposable> {
  const record = new PostgresRecord(db, feed, along);
  await record.read();
  return record;
}

class PostgresRecord implements FleetRecord, AsyncDisposable {
  readonly #db: Kysely<Schema>;
  readonly #along: AlongChange;
  readonly #unsubscribe: () => void;
  readonly #listeners = new Set<(fleet: DeclaredFleet) => void>();
  #snapshot = FleetSnapshot.empty;

  constructor(db: Kysely<Schema>, feed: EventFeed, along: AlongChange) {
    this.#db = db;
    this.#along = along;
    this.#unsubscribe = feed.subscribe(() => this.#catchUp());
  }

  current(): DeclaredFleet {
    return this.#snapshot;
  }

  async read(): Promise<DeclaredFleet> {
    await this.#catchUp();
    return this.#snapshot;
  }

  async history<K extends KindName>(kind: K, id: string): Promise<readonly PastDeclaration<K>[]> {
    const rows = await this.#db
      .selectFrom('declared_history')
      .selectAll()
      .where('kind', '=', kind)
      .where('id', '=', id)
      .orderBy('revision', 'desc')
      .execute();
    return rows.map(({ revision, spec, changed_at, changed_by, why, operation }) => {
      return { revision, spec, changedAt: changed_at, changedBy: changed_by, why, operation } as PastDeclaration<K>;
    });
  }

  onChange(listener: (fleet: DeclaredFleet) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async change(
    changes: readonly DeclaredChange[],
    reason: ChangeReason,
    transaction?: Transaction<Schema>,
  ): Promise<{ readonly revision: number }> {
    const run = (own: Transaction<Schema>) => changeIn(own, this.#snapshot, changes, reason, this.#along);
    if (transaction !== undefined) return await run(transaction);
    const changed = await this.#db.transaction().execute(run);
    await this.#catchUp();
    return changed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#listeners.clear();
  }

  async #catchUp(): Promise<void> {
    const news = await newsAfter(this.#db, this.#snapshot);
    // Another call may have brought in more meanwhile.
    if (news.revision <= this.#snapshot.revision) return;
    this.#snapshot = news;
    for (const listener of this.#listeners) listener(news);
  }
}

/** The snapshot with what was changed since, as the connection sees it. */
async function newsAfter(db: Kysely<Schema>, snapshot: FleetSnapshot): Promise<FleetSnapshot> {
  if (snapshot.revision === 0) return await readWhole(db);
  const rows = await db
    .selectFrom('declared_history')
    .select(['kind', 'id', 'spec', 'revision', 'changed_at'])
    .where('revision', '>', snapshot.revision)
    .orderBy('revision')
    .orderBy('position')
    .execute();
  const last = rows.at(-1);
  if (last === undefined) return snapshot;
  const restated = rows.map(({ kind, id, spec, revision, changed_at }): Restated => {
    const declared = spec === null ? null : ({ kind, id, spec, revision, changedAt: changed_at } as Declared);
    return { kind, id, declared };
  });
  return snapshot.with(last.revision, restated);
}

/** In one statement, so that all of it is of one revision. */
async function readWhole(db: Kysely<Schema>): Promise<FleetSnapshot> {
  const rows = await db
    .selectFrom('record_head')
    .leftJoin('declared', (join) => join.onTrue())
    .select(['record_head.revision as whole', 'kind', 'id', 'spec', 'declared.revision', 'changed_at'])
    .orderBy('declared.position')
    .execute();
  const restated = rows.flatMap(({ kind, id, spec, revision, changed_at }): Restated[] => {
    if (kind === null || id === null) return [];
    return [{ kind, id, declared: { kind, id, spec, revision, changedAt: changed_at } as Declared }];
  });
  return FleetSnapshot.empty.with(rows[0]?.whole ?? 0, restated);
}

async function changeIn(
  transaction: Transaction<Schema>,
  known: FleetSnapshot,
  changes: readonly DeclaredChange[],
  reason: ChangeReason,
  along: AlongChange,
): Promise<{ readonly revision: number }> {
  await lockLedger(transaction);
  const fleet = await newsAfter(transaction, known);
  const effects = effectsOf(changes, fleet);
  if (effects.length === 0) return { revision: fleet.revision };
  const revision = fleet.revision + 1;
  const now = new Date();
  const wanted = fleet.with(
    revision,
    effects.map(({ kind, id, spec }): Restated => {
      const declared = spec === null ? null : ({ kind, id, spec, revision, changedAt: now } as Declared);
      return { kind, id, declared };
    }),
  );
  const issues = unsoundness(wanted, effects as readonly DeclaredChange[]);
  if (issues.length > 0) throw new InvalidDeclarationError(issues);
  await write(transaction, effects, revision, now, reason);
  await along(transaction, fleet, wanted, effects as readonly DeclaredChange[]);
  return { revision };
}

function effectsOf(changes: readonly DeclaredChange[], fleet: DeclaredFleet): Effect[] {
  const seen = new Set<string>();
  return changes.flatMap(({ kind, id, spec, expected }): Effect[] => {
    const key = `${kind} ${id}`;
    assert(!seen.has(key), `${key} is changed twice at once`);
    seen.add(key);
    const before = fleet.get(kind, id);
    const actual = before?.revision ?? 0;
    if (expected !== undefined && expected !== actual) throw new RecordConflictError(kind, id, expected, actual);
    const isSame = spec === null ? before === undefined : canonicalJson(spec) === canonicalJson(before?.spec ?? null);
    return isSame ? [] : [{ kind, id, spec, before }];
  });
}

async function write(
  transaction: Transaction<Schema>,
  effects: readonly Effect[],
  revision: number,
  now: Date,
  { principal, why, operation }: ChangeReason,
): Promise<void> {
  await transaction.updateTable('record_head').set({ revision }).execute();
  const by = { changed_at: now, changed_by: principalText(principal), why, operation: operation ?? null };
  const history = effects.map(({ kind, id, spec }, position) => {
    return { revision, position, kind, id, spec: spec === null ? null : jsonText(spec), ...by };
  });
  for (let at = 0; at < history.length; at += rowsMax) {
    const rows = history.slice(at, at + rowsMax);
    await transaction.insertInto('declared_history').values(rows).execute();
  }
  await writeCurrent(transaction, effects, revision, now);
  await appendAudit(
    transaction,
    effects.map((effect) => {
      const { kind, id, spec, before } = effect;
      const states = { before: before?.spec as Json | undefined, after: (spec ?? undefined) as Json | undefined };
      return { principal, action: `declared.${whatOf(effect)}`, kind, id, ...states, why, operation };
    }),
  );
  await appendEvents(
    transaction,
    effects.map((effect) => ({ kind: effect.kind, id: effect.id, what: whatOf(effect) })),
  );
}

async function writeCurrent(
  transaction: Transaction<Schema>,
  effects: readonly Effect[],
  revision: number,
  now: Date,
): Promise<void> {
  const rows = effects.flatMap(({ kind, id, spec }) => {
    return spec === null ? [] : [{ kind, id, spec: jsonText(spec) as string, revision, changed_at: now }];
  });
  for (let at = 0; at < rows.length; at += rowsMax) {
    const insert = transaction.insertInto('declared').values(rows.slice(at, at + rowsMax));
    await insert
      .onConflict((conflict) =>
        conflict.columns(['kind', 'id']).doUpdateSet((each) => ({
          spec: each.ref('excluded.spec') as never,
          revision,
          changed_at: now,
        })),
      )
      .execute();
  }
  for (const { kind, id, spec } of effects) {
    if (spec !== null) continue;
    await transaction.deleteFrom('declared').where('kind', '=', kind).where('id', '=', id).execute();
  }
}

function whatOf({ spec, before }: Effect): string {
  if (spec === null) return 'removed';
  return before === undefined ? 'created' : 'changed';
}
