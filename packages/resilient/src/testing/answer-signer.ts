/** Signs answers as a config service does, with keys of its own; for tests. */
import {
  type ConfigAnswer,
  type ConfigEnrolment,
  type ConfigKeySet,
  type SigningKey,
  signAnswer,
  signKeySet,
} from '@millrace/api/config';

export const testToken = 'mra_of-the-test';

interface OwnKey extends SigningKey {
  readonly x: string;
}

export async function newSigningKey(kid: string): Promise<OwnKey> {
  const made = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const pair = made as { readonly publicKey: SigningKey['key']; readonly privateKey: SigningKey['key'] };
  const { x = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return { kid, x, key: pair.privateKey };
}

/**
 * What an answer says unless a test says otherwise: for application `shop`, producer of `orders`, on cluster `east`.
 */
export function answerOf(changes: Partial<ConfigAnswer> = {}): ConfigAnswer {
  const now = Date.now();
  return {
    format: 1,
    application: 'shop',
    topic: 'orders',
    role: 'producer',
    version: 1,
    issuedAt: now,
    expiresAt: now + 7 * 24 * 3_600_000,
    asOf: now,
    cluster: { name: 'east', id: null, generation: 0, rule: 'the only one' },
    bootstrap: '127.0.0.1:9092',
    settings: {},
    ...changes,
  };
}

export class AnswerSigner {
  /** All sets that there were, signed; the first by itself. */
  readonly chain: string[] = [];
  #version = 0;
  #keys: OwnKey[] = [];
  #signing: OwnKey;

  private constructor(first: OwnKey) {
    this.#signing = first;
  }

  static async create(): Promise<AnswerSigner> {
    const signer = new AnswerSigner(await newSigningKey('key-1'));
    await signer.#publish([signer.#signing]);
    return signer;
  }

  get keys(): ConfigKeySet {
    return { version: this.#version, keys: this.#keys.map(({ kid, x }) => ({ kid, x })) };
  }

  /** A new set with a new key, signed by the key before; answers are signed by the new one from now on. */
  async rotate(): Promise<void> {
    const next = await newSigningKey(`key-${this.#version + 1}`);
    const before = this.#signing;
    this.#signing = next;
    await this.#publish([before, next], before);
  }

  sign(answer: ConfigAnswer): Promise<string> {
    return signAnswer(answer, this.#signing);
  }

  enrolment(services: readonly string[], changes: Partial<ConfigEnrolment> = {}): ConfigEnrolment {
    return { format: 1, application: 'shop', services: [...services], token: testToken, keys: this.keys, ...changes };
  }

  async #publish(keys: OwnKey[], by: SigningKey = this.#signing): Promise<void> {
    this.#keys = keys;
    this.#version++;
    this.chain.push(await signKeySet(this.keys, by));
  }
}
