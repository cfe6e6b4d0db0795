/**
 * The record and the config service's own tables as they were at one moment. The record is in memory already and need
 * not be read again, but may be of another moment: then both are looked at once more, at last while nobody changes
 * either.
 */
import type { Kysely, Transaction } from 'kysely';
import { lockLedger } from '../../database/ledger.ts';
import type { Schema } from '../../database/schema.ts';
import type { DeclaredFleet, FleetRecord } from '../../record/record.ts';
import type { KeptCredential } from '../answers/answer-content.ts';
import type { Home, PlaceQuestion } from '../answers/home-cluster.ts';
import { readHeads } from '../config-head.ts';
import { removedAt } from '../removed-at.ts';
import { type ClusterFacts, readFacts } from './cluster-facts.ts';

export interface KeySetState {
  readonly version: number;
  /** JWS. */
  readonly signed: string;
}

export interface SigningKeyState {
  readonly position: number;
  readonly kid: string;
  /** Ed25519, in base64url. */
  readonly publicKey: string;
  /** Under the key of the control plane. */
  readonly sealedKey: string;
}

/** What the service's own tables say. */
export interface ConfigState {
  readonly revision: number;
  /** Applications that are enrolled, by the digests of their tokens. */
  readonly enrolments: ReadonlyMap<string, Enrolled>;
  /** By application, oldest first. */
  readonly credentials: ReadonlyMap<string, readonly KeptCredential[]>;
  /** By topic and application; '' is all. */
  readonly homes: ReadonlyMap<string, ReadonlyMap<string, Home>>;
  /** Clusters on which clients stay, by `stayKey`. */
  readonly stays: ReadonlyMap<string, string>;
  /** By name. */
  readonly clusters: ReadonlyMap<string, ClusterFacts>;
  /** Ascending. */
  readonly keySets: readonly KeySetState[];
  readonly signingKey: SigningKeyState | undefined;
}

export interface Enrolled {
  readonly id: string;
  readonly application: string;
}

export interface Moment {
  readonly fleet: DeclaredFleet;
  readonly config: ConfigState;
}

const triesMax = 5;

export async function readMoment(db: Kysely<Schema>, record: FleetRecord): Promise<Moment> {
  for (let round = 0; round < triesMax; round++) {
    const { config, recordRevision } = await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((transaction) => readConfig(transaction));
    if (record.current().revision < recordRevision) await record.read();
    const fleet = record.current();
    if (fleet.revision === recordRevision) return { fleet, config };
  }
  return await db.transaction().execute(async (transaction) => {
    await lockLedger(transaction);
    const { config } = await readConfig(transaction);
    return { fleet: await record.read(), config };
  });
}

async function readConfig(
  db: Transaction<Schema>,
): Promise<{ readonly config: ConfigState; readonly recordRevision: number }> {
  const { record, config: revision } = await readHeads(db);
  const config = {
    revision,
    enrolments: await readEnrolments(db),
    credentials: await readCredentials(db),
    homes: await readHomes(db),
    stays: await readStays(db),
    clusters: await readFacts(db),
    ...(await readKeys(db)),
  };
  return { config, recordRevision: record };
}

async function readEnrolments(db: Transaction<Schema>): Promise<ConfigState['enrolments']> {
  const rows = await db
    .selectFrom('config_enrolment')
    .select(['id', 'application', 'digest'])
    .where('ended_at', 'is', null)
    .where(removedAt, 'is', null)
    .execute();
  return new Map(rows.map(({ id, application, digest }) => [digest, { id, application }]));
}

/** Those that somebody may know, for what nobody was told may be made anew at any time. */
async function readCredentials(db: Transaction<Schema>): Promise<ConfigState['credentials']> {
  const rows = await db
    .selectFrom('credential')
    .select(['id', 'application', 'kind', 'principal', 'clusters', 'expires_at', 'kept'])
    .where('ended_at', 'is', null)
    .where('kept', 'is not', null)
    .where((each) => each.or([each('sealed_for', '!=', 'request'), each('delivered_at', 'is not', null)]))
    .orderBy('issued_at')
    .orderBy('id')
    .execute();
  const all = rows.map(({ id, application, kind, principal, clusters, expires_at, kept }) => {
    return { application, id, kind, principal, clusters, expiresAt: expires_at, kept: kept ?? '' };
  });
  return Map.groupBy(all, ({ application }) => application);
}

/** Whose question it is, and which. */
export function stayKey(application: string, { topic, role, site = '' }: PlaceQuestion): string {
  return `${application}\n${topic}\n${role}\n${site}`;
}

async function readStays(db: Transaction<Schema>): Promise<ConfigState['stays']> {
  const rows = await db.selectFrom('config_asked').selectAll().where('stays_on', 'is not', null).execute();
  return new Map(rows.map(({ application, stays_on, ...asked }) => [stayKey(application, asked), stays_on as string]));
}

export async function readHomes(db: Transaction<Schema>): Promise<ConfigState['homes']> {
  const homes = new Map<string, Map<string, Home>>();
  for (const { topic, application, ...home } of await db.selectFrom('config_home').selectAll().execute()) {
    const ofTopic = homes.get(topic) ?? new Map<string, Home>();
    homes.set(topic, ofTopic.set(application, home));
  }
  return homes;
}

/** That of the application itself, else that of all. */
export function homeOf(homes: ConfigState['homes'], application: string, topic: string): Home | undefined {
  const ofTopic = homes.get(topic);
  return ofTopic?.get(application) ?? ofTopic?.get('');
}

async function readKeys(db: Transaction<Schema>): Promise<Pick<ConfigState, 'keySets' | 'signingKey'>> {
  const sets = await db.selectFrom('config_key_set').selectAll().orderBy('version').execute();
  const newest = sets.at(-1);
  const key =
    newest &&
    (await db
      .selectFrom('config_signing_key')
      .selectAll()
      .where('position', '=', newest.signing_position)
      .executeTakeFirst());
  return {
    keySets: sets.map(({ version, signed }) => ({ version, signed })),
    signingKey: key && { position: key.position, kid: key.kid, publicKey: key.public_key, sealedKey: key.sealed_key },
  };
}
