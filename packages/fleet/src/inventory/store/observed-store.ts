/**
 * The inventory in the database. One process writes, under its lease: of each cluster the sections that differ from
 * what it wrote last, with the changes that made them so, in one transaction. The others read what is newer than what
 * they have.
 */
import { createHash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { fenced, type Lease } from '../../database/lease.ts';
import type { Schema } from '../../database/schema.ts';
import { appendEvents } from '../../events/event-feed.ts';
import type { ObservedChange } from '../state/changes.ts';
import type { KnownCluster } from '../state/known-cluster.ts';
import { restore } from './restore.ts';
import { decodeSection, encodeSection, type SectionName, type Sections, sectionNames, sectionOf } from './sections.ts';

/** A cluster as it is stored. */
export interface Stored {
  readonly known: KnownCluster;
  readonly revision: number;
  readonly sections: Partial<Sections>;
}

/** A change with its time. */
export interface TimedChange extends ObservedChange {
  readonly at: Date;
}

const rowsMax = 1_000;

interface Written {
  readonly revision: number;
  readonly known: KnownCluster;
  readonly groupsDigest: string;
}

export class ObservedStore {
  readonly #db: Kysely<Schema>;
  /** By cluster, what this process wrote last in its present term. */
  readonly #written = new Map<string, Written>();

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** All whose revision is another than the one held, with sections that did not change taken over from there. */
  async read(held: ReadonlyMap<string, Stored>): Promise<Map<string, Stored>> {
    const rows = await this.#db.selectFrom('observed_cluster').selectAll().execute();
    const found = new Map<string, Stored>();
    for (const row of rows) {
      const last = held.get(row.name);
      if (last?.revision === row.revision) continue;
      const sections = await this.#sections(row.name, last);
      const { name, observed_at: observedAt, problem, revision } = row;
      found.set(name, { known: restore({ name, observedAt, problem }, sections), revision, sections });
    }
    return found;
  }

  /** Begins a term as the one who writes: nothing is taken for written. */
  begin(held: ReadonlyMap<string, Stored>): void {
    this.#written.clear();
    for (const [name, { known, revision }] of held) {
      this.#written.set(name, { revision, known, groupsDigest: '' });
    }
  }

  /** Throws `LeaseLostError` when another process writes by now, and what the database throws. */
  async write(lease: Lease, known: KnownCluster, attemptedAt: Date, changes: readonly TimedChange[]): Promise<void> {
    const { observed } = known;
    const last = this.#written.get(observed.name);
    const revision = (last?.revision ?? 0) + 1;
    const groupsDigest = digestOf(sectionOf('groups', known));
    const names = sectionNames.filter((section) => differs(section, known, last, groupsDigest));
    const bodies = await Promise.all(
      names.map(async (section) => [section, await encodeSection(sectionOf(section, known))] as const),
    );
    await this.#db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      // What the next look brings anew need not survive a crash of the database, which makes it cheap.
      const isPassing = changes.length === 0 && names.every((section) => section === 'figures');
      if (isPassing) await sql`SET LOCAL synchronous_commit TO off`.execute(transaction);
      const state = {
        observed_at: observed.observedAt,
        attempted_at: attemptedAt,
        problem: observed.problem ?? null,
        revision,
      };
      await transaction
        .insertInto('observed_cluster')
        .values({ name: observed.name, ...state })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(state))
        .execute();
      for (const [section, body] of bodies) await writeSection(transaction, observed.name, section, revision, body);
      await insertChanges(transaction, observed.name, changes);
      if (changes.length > 0)
        await appendEvents(transaction, [{ kind: 'observed', id: observed.name, what: 'changed' }]);
    });
    this.#written.set(observed.name, { revision, known, groupsDigest });
  }

  /** Tells whoever shows figures that there are newer ones. */
  async tellRefreshed(lease: Lease): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      await appendEvents(transaction, [{ kind: 'inventory', id: 'fleet', what: 'refreshed' }]);
    });
  }

  /** Takes clusters out that are not declared any more, with all that was seen of them but their history. */
  async keepOnly(lease: Lease, names: readonly string[]): Promise<void> {
    const stored = await this.#db.selectFrom('observed_cluster').select('name').execute();
    const gone = stored.map(({ name }) => name).filter((name) => !names.includes(name));
    if (gone.length === 0) return;
    await this.#db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      await transaction.deleteFrom('observed_section').where('cluster', 'in', gone).execute();
      await transaction.deleteFrom('observed_cluster').where('name', 'in', gone).execute();
    });
    for (const name of gone) this.#written.delete(name);
  }

  /** Forgets history from before a time. */
  async prune(lease: Lease, before: Date): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      await fenced(transaction, lease);
      await transaction.deleteFrom('observed_change').where('at', '<', before).execute();
      await transaction.deleteFrom('observed_use').where('last_at', '<', before).execute();
    });
  }

  async #sections(cluster: string, last: Stored | undefined): Promise<Partial<Sections>> {
    const rows = await this.#db
      .selectFrom('observed_section')
      .select(['section', 'body'])
      .where('cluster', '=', cluster)
      .where('revision', '>', last?.revision ?? 0)
      .execute();
    const sections: Partial<Record<SectionName, unknown>> = { ...last?.sections };
    for (const { section, body } of rows) {
      const name = sectionNames.find((each) => each === section);
      if (name !== undefined) sections[name] = await decodeSection(body);
    }
    return sections as Partial<Sections>;
  }
}

function differs(section: SectionName, known: KnownCluster, last: Written | undefined, digest: string): boolean {
  if (last === undefined) return known.shape !== undefined;
  const { observed: now } = known;
  const { observed: before } = last.known;
  if (now.observedAt?.getTime() === before.observedAt?.getTime()) return false;
  switch (section) {
    case 'shape':
      return (
        known.shape?.topics !== last.known.shape?.topics ||
        known.shape?.brokers !== last.known.shape?.brokers ||
        now.controllerId !== before.controllerId ||
        now.clusterId !== before.clusterId ||
        now.bootstrap !== before.bootstrap
      );
    case 'configs':
      return (
        [...now.topics].some(([name, { configs }]) => configs !== before.topics.get(name)?.configs) ||
        now.brokers.some(({ configs }, index) => configs !== before.brokers[index]?.configs)
      );
    case 'groups':
      return digest !== last.groupsDigest;
    case 'access':
      return now.acls !== before.acls || now.quotas !== before.quotas;
    case 'figures':
      return true;
  }
}

function digestOf(groups: Sections['groups']): string {
  return createHash('sha256').update(JSON.stringify(groups)).digest('base64');
}

async function writeSection(
  transaction: Transaction<Schema>,
  cluster: string,
  section: SectionName,
  revision: number,
  body: Buffer,
): Promise<void> {
  await transaction
    .insertInto('observed_section')
    .values({ cluster, section, revision, body })
    .onConflict((conflict) => conflict.columns(['cluster', 'section']).doUpdateSet({ revision, body }))
    .execute();
}

async function insertChanges(
  transaction: Transaction<Schema>,
  cluster: string,
  changes: readonly TimedChange[],
): Promise<void> {
  for (let at = 0; at < changes.length; at += rowsMax) {
    const rows = changes.slice(at, at + rowsMax).map((change) => ({
      cluster,
      kind: change.kind,
      name: change.name,
      at: change.at,
      what: change.what,
      field: change.field ?? null,
      from_value: jsonOf(change.from),
      to_value: jsonOf(change.to),
    }));
    await transaction.insertInto('observed_change').values(rows).execute();
  }
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
