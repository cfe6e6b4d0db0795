/** What is kept of mirrors in the system of record: how they run, and what they once began with. */
import type { Mirror } from '@millrace/api/declared';
import { MillraceError } from '@millrace/base';
import { type Kysely, type Selectable, sql } from 'kysely';
import { fenced, type Lease } from '../database/lease.ts';
import type { Schema } from '../database/schema.ts';
import { appendEvents } from '../events/event-feed.ts';
import type { RunStatus } from './run-status.ts';
import type { MirrorRunTable } from './tables.ts';

/** Without what only one of them is asked for. */
export type RunRow = Omit<Selectable<MirrorRunTable>, 'partitions' | 'troubles'> & { readonly ageMs: number };

/** A mirror is declared otherwise than it began, in what its offsets hang on. */
export class MirrorBegunError extends MillraceError {
  readonly code = 'mirror_begun_otherwise';

  constructor({ name, target }: Mirror, begun: { readonly source: string; readonly prefix: string }) {
    const as = begun.prefix === '' ? 'under the same names' : `with the prefix ${begun.prefix}`;
    super(
      `mirror ${name} has copied to ${target} from ${begun.source}, ${as}, and that can't change, as what it keeps ` +
        'there means nothing else: declare it so again, or declare a mirror of another name',
    );
  }
}

export const mirrorLeases = 'mirror ';

export class MirrorStore {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Names of mirrors whose leases somebody holds, and who. */
  async held(): Promise<Map<string, string>> {
    const rows = await this.#db
      .selectFrom('lease')
      .select(['name', 'holder'])
      .where('name', 'like', `${mirrorLeases}%`)
      .where('until', '>=', sql<Date>`clock_timestamp()`)
      .execute();
    return new Map(rows.map(({ name, holder }) => [name.slice(mirrorLeases.length), holder]));
  }

  /** Tells how a mirror runs; an event says so where the state is another one than was told last. Needs the lease. */
  async tell(lease: Lease, name: string, process: string, status: RunStatus): Promise<void> {
    const { state, since, problem, figures, partitions, troubles } = status;
    await this.#db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      const before = await transaction
        .selectFrom('mirror_run')
        .select('state')
        .where('name', '=', name)
        .executeTakeFirst();
      if (before?.state !== state) await appendEvents(transaction, [{ kind: 'mirror', id: name, what: state }]);
      const row = {
        ...{ process, state, problem },
        since: new Date(since),
        at: sql<Date>`clock_timestamp()`,
        figures: figures === null ? null : JSON.stringify(figures),
        partitions: JSON.stringify(partitions),
        troubles: JSON.stringify(troubles),
      };
      const insert = transaction.insertInto('mirror_run').values({ name, ...row });
      await insert.onConflict((conflict) => conflict.column('name').doUpdateSet(row)).execute();
    });
  }

  /** Nobody runs it any more. */
  async forget(lease: Lease, name: string): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      await transaction.deleteFrom('mirror_run').where('name', '=', name).execute();
    });
  }

  /** By name. */
  async runs(): Promise<Map<string, RunRow>> {
    const rows = await this.#db
      .selectFrom('mirror_run')
      .select(['name', 'process', 'state', 'problem', 'since', 'at', 'figures'])
      .select(ageMs.as('ageMs'))
      .execute();
    return new Map(rows.map((row) => [row.name, row]));
  }

  async run(name: string): Promise<(Selectable<MirrorRunTable> & { readonly ageMs: number }) | undefined> {
    const row = this.#db.selectFrom('mirror_run').selectAll().select(ageMs.as('ageMs')).where('name', '=', name);
    return await row.executeTakeFirst();
  }

  /** Throws `MirrorBegunError` where the mirror has copied to its target otherwise than is declared now. */
  async checkBegun(mirror: Mirror): Promise<void> {
    const begun = await this.#db
      .selectFrom('mirror_begun')
      .select(['source', 'prefix'])
      .where('target', '=', mirror.target)
      .where('name', '=', mirror.name)
      .executeTakeFirst();
    if (begun === undefined) return;
    const { source, prefix = '' } = mirror;
    if (begun.source !== source || begun.prefix !== prefix) throw new MirrorBegunError(mirror, begun);
  }

  /** Keeps what the mirror begins with. Throws likewise when it has begun otherwise. */
  async begin(mirror: Mirror): Promise<void> {
    const { name, target, source, prefix = '' } = mirror;
    const insert = this.#db.insertInto('mirror_begun').values({ name, target, source, prefix });
    await insert.onConflict((conflict) => conflict.columns(['target', 'name']).doNothing()).execute();
    await this.checkBegun(mirror);
  }
}

/** Since it was told last, by the database's clock. */
const ageMs = sql<number>`(extract(epoch from clock_timestamp() - at) * 1000)::float8`;
