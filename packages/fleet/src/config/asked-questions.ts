/**
 * What applications asked, noted so that a later declaration does not send those elsewhere who are there already
 * (`answers/stays.ts`): each question once, and again each day, within a second of its answer. The transaction of a
 * change says where they stay. Who asks for the first time in the last second before a change may be missed by it.
 *
 * While the database is away what was asked waits here. Nobody waits for it.
 */
import type { Role } from '@millrace/api/declared';
import { messageOf, type Platform, type Timer } from '@millrace/base';
import { type Kysely, sql, type Transaction } from 'kysely';
import { databaseError } from '../database/database-error.ts';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';
import type { AlongChange } from '../record/fleet-record.ts';
import type { DeclaredChange, DeclaredFleet } from '../record/record.ts';
import type { PlaceQuestion } from './answers/home-cluster.ts';
import { type AskedPlace, type DeclaredPlaces, stayOn } from './answers/stays.ts';
import { BoundedMap } from './bounded-map.ts';
import { homeOf, readHomes, stayKey } from './state/read-config.ts';

export interface AskedQuestionsOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Pick<Platform, 'clock' | 'timers'>;
  readonly report: (message: string) => void;
}

interface Asked {
  readonly application: string;
  readonly topic: string;
  readonly role: Role;
  readonly site: string;
}

const writeMs = 500;
const retryMs = 5_000;
const againMs = 86_400_000;
const knownMax = 100_000;
const rowsMax = 1_000;
/** Of one application, so that none fills the table. */
const ofApplicationMax = 10_000;

export class AskedQuestions {
  readonly #options: AskedQuestionsOptions;
  /** When each was noted last, in ms. */
  readonly #noted = new BoundedMap<string, number>(knownMax);
  #waiting = new Map<string, Asked>();
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** What kept the last write from being done; '' for nothing. */
  #told = '';

  constructor(options: AskedQuestionsOptions) {
    this.#options = options;
  }

  note(application: string, question: PlaceQuestion): void {
    const key = stayKey(application, question);
    const now = this.#options.platform.clock.now();
    const notedAt = this.#noted.get(key);
    if ((notedAt !== undefined && now - notedAt < againMs) || this.#waiting.size >= knownMax) return;
    this.#noted.set(key, now);
    const { topic, role, site = '' } = question;
    this.#waiting.set(key, { application, topic, role, site });
    this.#later();
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#writing;
    await this.#write();
  }

  #later(): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#options.platform.timers.after(this.#told === '' ? writeMs : retryMs, () => {
      this.#writing = this.#write().finally(() => {
        this.#timer = undefined;
        if (this.#waiting.size > 0) this.#later();
      });
    });
  }

  async #write(): Promise<void> {
    const { db, platform, report } = this.#options;
    const waiting = this.#waiting;
    if (waiting.size === 0) return;
    this.#waiting = new Map();
    try {
      await db.transaction().execute((own) => store(own, [...waiting.values()], new Date(platform.clock.now())));
      this.#told = '';
    } catch (error) {
      this.#waiting = new Map([...waiting, ...this.#waiting]);
      const sentence = messageOf(databaseError(error, 'what applications asked could not be noted'));
      if (sentence !== this.#told) report(sentence);
      this.#told = sentence;
    }
  }
}

async function store(transaction: Transaction<Schema>, asked: readonly Asked[], at: Date): Promise<void> {
  await lockLedger(transaction);
  const applications = [...new Set(asked.map(({ application }) => application))];
  const counted = await transaction
    .selectFrom('config_asked')
    .select(['application', sql<number>`count(*)::int`.as('count')])
    .where('application', 'in', applications)
    .groupBy('application')
    .execute();
  const full = new Set(counted.filter(({ count }) => count >= ofApplicationMax).map(({ application }) => application));
  const rows = asked.filter(({ application }) => !full.has(application)).map((row) => ({ ...row, asked_at: at }));
  for (let first = 0; first < rows.length; first += rowsMax) {
    await transaction
      .insertInto('config_asked')
      .values(rows.slice(first, first + rowsMax))
      .onConflict((conflict) =>
        conflict.columns(['application', 'topic', 'role', 'site']).doUpdateSet({ asked_at: at }),
      )
      .execute();
  }
}

/** Keeps those where they are who would be sent elsewhere by a change, as part of it. */
export const keepStays: AlongChange = async (transaction, before, after, changes) => {
  const named = changes.flatMap(({ kind, id }) => (kind === 'application' ? [id] : []));
  const isWide = changes.some((change) => concernsAll(change, before));
  if (!isWide && named.length === 0) return;
  const all = transaction.selectFrom('config_asked').select(['application', 'topic', 'role', 'site', 'stays_on']);
  const asked = await (isWide ? all : all.where('application', 'in', named)).execute();
  if (asked.length === 0) return;
  const homes = await readHomes(transaction);
  const home = (application: string, topic: string) => homeOf(homes, application, topic);
  const [then, now] = [
    { ...placesOf(before), home },
    { ...placesOf(after), home },
  ];
  for (const { stays_on: staysOn, ...question } of asked) {
    const stays = stayOn({ ...question, staysOn } satisfies AskedPlace, then, now);
    if (stays !== staysOn) await ofQuestion(transaction, question, stays);
  }
  const gone = named.filter((name) => after.get('application', name) === undefined);
  if (gone.length > 0) await transaction.deleteFrom('config_asked').where('application', 'in', gone).execute();
};

/** Besides the uses of an application: whatever else decides where topics are found. */
function concernsAll({ kind, id, spec }: DeclaredChange, before: DeclaredFleet): boolean {
  if (kind === 'mirror') return true;
  return kind === 'cluster' && before.get('cluster', id)?.spec.site !== spec?.site;
}

function placesOf(fleet: DeclaredFleet): Omit<DeclaredPlaces, 'home'> {
  return {
    application: (name) => fleet.get('application', name)?.spec,
    cluster: (name) => fleet.get('cluster', name)?.spec,
    mirrors: fleet.list('mirror').map(({ spec }) => spec),
  };
}

async function ofQuestion(transaction: Transaction<Schema>, asked: Asked, staysOn: string | null): Promise<void> {
  await transaction
    .updateTable('config_asked')
    .set({ stays_on: staysOn })
    .where('application', '=', asked.application)
    .where('topic', '=', asked.topic)
    .where('role', '=', asked.role)
    .where('site', '=', asked.site)
    .execute();
}
