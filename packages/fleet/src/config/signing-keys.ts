/**
 * The keys that sign answers. The newest set holds the key that signs now, the one that will sign next, so that clients
 * know it before it does, and those that signed before, each until nothing that it has signed holds any more. A set is
 * signed by the key that signed answers before it: whoever trusts the set before trusts that.
 *
 * Private keys lie in the database, sealed under the key of the control plane, and in memory.
 */
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import type { Principal } from '@millrace/api';
import {
  answerHeader,
  type ConfigAnswer,
  type ConfigKey,
  type ConfigKeySet,
  type SigningKey,
  signKeySet,
} from '@millrace/api/config';
import { assert } from '@millrace/base';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK } from 'jose';
import { type Kysely, sql, type Transaction } from 'kysely';
import { appendAudit } from '../audit/audit-entry.ts';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';
import { appendEvents } from '../events/event-feed.ts';
import type { SealingKey } from '../identity/secrets/sealing-key.ts';
import { noteConfigChange, stepForward } from './config-head.ts';
import type { SigningKeyState } from './state/read-config.ts';

export interface RotateOptions {
  readonly dropOld?: boolean | undefined;
  readonly afterRestore?: boolean | undefined;
}

export interface SigningKeysOptions {
  readonly db: Kysely<Schema>;
  readonly sealingKey: () => Promise<SealingKey>;
  /** How long an answer holds. */
  readonly lifeMs: number;
}

/** Answers the JWS. */
export type Signer = (answer: ConfigAnswer) => string;

/** A key of the table. */
interface StoredKey {
  readonly position: number;
  readonly kid: string;
  readonly publicKey: string;
}

/** Changes between a backup and its restoration are fewer by far; versions have room for billions of such steps. */
const stepOfAnswers = 1_000_000;
const stepOfSets = 1_000;
/** How long what a process signs that is cut off from the database, and knows of no new key, is cared for. */
const cutOffMs = 86_400_000;

const purpose = (kid: string): string => `the key ${kid} that signs answers of the config service`;

export class SigningKeys {
  readonly #options: SigningKeysOptions;
  #opened: { readonly kid: string; readonly signer: Promise<Signer> } | undefined;

  constructor(options: SigningKeysOptions) {
    this.#options = options;
  }

  /** Makes the first ones, where there are none. Of processes that do at the same time one does. */
  async begin(): Promise<void> {
    const sealing = await this.#options.sealingKey();
    await this.#options.db.transaction().execute(async (transaction) => {
      await lockLedger(transaction);
      const known = await transaction.selectFrom('config_key_set').select('version').limit(1).executeTakeFirst();
      if (known !== undefined) return;
      const current = await addKey(transaction, sealing, 1);
      const next = await addKey(transaction, sealing, 2);
      const signer = await openKey(sealing, await storedAt(transaction, 1));
      await addSet(transaction, { version: 1, keys: [current, next].map(shown) }, 1, signer);
    });
  }

  /**
   * The next key signs from now on. Those that signed before stay trusted as long as something that they signed holds;
   * with `dropOld` nothing does that they signed, from the moment on at which a client knows. With `afterRestore` the
   * versions of answers and of the set step over all that clients may have seen before the database was set back.
   */
  async rotate(
    principal: Principal,
    why: string,
    { dropOld = false, afterRestore = false }: RotateOptions = {},
  ): Promise<{ readonly keys: ConfigKeySet; readonly kid: string }> {
    const sealing = await this.#options.sealingKey();
    return await this.#options.db.transaction().execute(async (transaction) => {
      await lockLedger(transaction);
      const newest = await transaction
        .selectFrom('config_key_set')
        .selectAll()
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirstOrThrow();
      const position = newest.signing_position;
      const [old, current] = [await storedAt(transaction, position), await storedAt(transaction, position + 1)];
      const next = await addKey(transaction, sealing, position + 2);
      const before = dropOld ? [] : [old, ...(await this.#stillHeld(transaction, position))];
      const version = newest.version + (afterRestore ? stepOfSets : 1);
      const keys: ConfigKeySet = { version, keys: [current, next, ...before].map(shown) };
      await addSet(transaction, keys, position + 1, await openKey(sealing, old));
      if (afterRestore) await stepForward(transaction, stepOfAnswers);
      const after = { version, signs: current.kid, next: next.kid };
      await appendAudit(transaction, [
        { principal, action: 'config.keys_rotated', kind: 'config', id: 'keys', after, why },
      ]);
      await appendEvents(transaction, [{ kind: 'config', id: 'keys', what: 'rotated' }]);
      return { keys, kid: current.kid };
    });
  }

  /** Keys before that position whose last answers hold, newest first. A key signs until the set after its own. */
  async #stillHeld(transaction: Transaction<Schema>, position: number): Promise<StoredKey[]> {
    const heldMs = this.#options.lifeMs + cutOffMs;
    const rows = await transaction
      .selectFrom('config_signing_key as key')
      .innerJoin('config_key_set as after', (join) => join.on(sql`after.signing_position`, '=', sql`key.position + 1`))
      .select(['key.position', 'key.kid', 'key.public_key'])
      .where('key.position', '<', position)
      .where('after.created_at', '>', sql<Date>`now() - ${heldMs} * interval '1 millisecond'`)
      .orderBy('key.position', 'desc')
      .execute();
    return rows.map((row) => ({ position: row.position, kid: row.kid, publicKey: row.public_key }));
  }

  /** What signs with the key, which is opened once. */
  async signer(state: SigningKeyState): Promise<Signer> {
    if (this.#opened?.kid !== state.kid) {
      const opened = {
        kid: state.kid,
        signer: this.#options.sealingKey().then((sealing) => openSigner(sealing, state)),
      };
      this.#opened = opened;
      opened.signer.catch(() => {
        if (this.#opened === opened) this.#opened = undefined;
      });
    }
    return await (this.#opened as { readonly signer: Promise<Signer> }).signer;
  }
}

/** Node signs in half of the time that it takes through Web Crypto, which counts when thousands are told at once. */
function openSigner(sealing: SealingKey, { kid, publicKey, sealedKey }: SigningKeyState): Signer {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey, d: sealing.open(sealedKey, purpose(kid)) };
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const header = Buffer.from(answerHeader(kid)).toString('base64url');
  return (answer) => {
    const text = `${header}.${Buffer.from(JSON.stringify(answer)).toString('base64url')}`;
    return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
  };
}

async function addKey(transaction: Transaction<Schema>, sealing: SealingKey, position: number): Promise<StoredKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { x = '', d = '' } = await exportJWK(privateKey);
  const kid = `${position}-${randomBytes(6).toString('hex')}`;
  const row = { position, kid, public_key: x, sealed_key: sealing.seal(d, purpose(kid)) };
  await transaction.insertInto('config_signing_key').values(row).execute();
  return { position, kid, publicKey: x };
}

async function addSet(
  transaction: Transaction<Schema>,
  keys: ConfigKeySet,
  signingPosition: number,
  signer: SigningKey,
): Promise<void> {
  const row = { version: keys.version, signing_position: signingPosition, signed: await signKeySet(keys, signer) };
  await transaction.insertInto('config_key_set').values(row).execute();
  await noteConfigChange(transaction);
}

async function storedAt(transaction: Transaction<Schema>, position: number): Promise<SigningKeyState> {
  const row = await transaction
    .selectFrom('config_signing_key')
    .selectAll()
    .where('position', '=', position)
    .executeTakeFirstOrThrow();
  return { position, kid: row.kid, publicKey: row.public_key, sealedKey: row.sealed_key };
}

async function openKey(sealing: SealingKey, { kid, publicKey, sealedKey }: SigningKeyState): Promise<SigningKey> {
  const d = sealing.open(sealedKey, purpose(kid));
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: publicKey, d }, 'EdDSA');
  assert(!(key instanceof Uint8Array), 'a private key of Ed25519 is no secret of bytes');
  return { kid, key: key as CryptoKey };
}

function shown({ kid, publicKey }: StoredKey): ConfigKey {
  return { kid, x: publicKey };
}
