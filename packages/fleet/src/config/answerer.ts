/**
 * Signed answers, from memory. One is signed when it is first asked for, and again when what is known has another
 * version, when half of its time is over, or when another key signs; in between the same text is given to all who ask
 * the same. Who sends a key of an instance gets a text of its own, since what it logs in with is sealed to that key.
 *
 * Secrets are opened only to be sealed to an instance, and are part of nothing that is thrown or told.
 */
import { ProblemError } from '@millrace/api';
import type { ConfigAnswer, ConfigProblem, ConfigWant, CredentialSecret } from '@millrace/api/config';
import type { Platform } from '@millrace/base';
import type { SealingKey } from '../identity/secrets/sealing-key.ts';
import type { KeptCredential, Question, Told, ToldAnswer } from './answers/answer-content.ts';
import type { AskedQuestions } from './asked-questions.ts';
import { BoundedMap } from './bounded-map.ts';
import { keptPurpose } from './kept-secret.ts';
import { sealCredential } from './seal-credential.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { ConfigViews } from './state/config-views.ts';

export interface AnswererOptions {
  readonly views: ConfigViews;
  readonly keys: SigningKeys;
  readonly platform: Platform;
  readonly sealingKey: () => Promise<SealingKey>;
  /** How long an answer holds; after half of that it is issued again. */
  readonly lifeMs: number;
  readonly asked: Pick<AskedQuestions, 'note'>;
}

/** Who asks. */
export interface Asker {
  readonly application: string;
  readonly site?: string | undefined;
  /** The public key of the instance. */
  readonly key?: string | undefined;
}

export interface SignedAnswer {
  /** What it was made of: the same object as long as it says the same. */
  readonly told: Told;
  /** When it is to be issued again; ms since 1970. */
  readonly renewAt: number;
  /** Of the key that signed it. */
  readonly kid?: string | undefined;
  readonly answer: { readonly signed: string } | { readonly problem: ConfigProblem };
}

interface Kept {
  readonly told: Told;
  readonly version: number;
  readonly kid: string;
  readonly renewAt: number;
  readonly signed: Promise<SignedAnswer>;
}

const keptMax = 100_000;

export class Answerer {
  readonly #options: AnswererOptions;
  readonly #kept = new BoundedMap<string, Kept>(keptMax);
  readonly #sealed = new BoundedMap<string, Promise<string>>(keptMax);

  constructor(options: AnswererOptions) {
    this.#options = options;
  }

  /** The newest set of keys. */
  get keys(): string {
    const newest = this.#options.views.config.keySets.at(-1);
    if (newest === undefined) throw notReady();
    return newest.signed;
  }

  /** Whether what was answered is to be answered anew, though it says the same: it is old, or another key signs. */
  isDue({ kid, renewAt }: SignedAnswer): boolean {
    const { views, platform } = this.#options;
    return platform.clock.now() >= renewAt || (kid !== undefined && kid !== views.config.signingKey?.kid);
  }

  answer({ application, site, key }: Asker, { topic, role }: ConfigWant): Promise<SignedAnswer> {
    const { views, platform, asked } = this.#options;
    const question: Question = { topic, role, site };
    const told = views.told(application, question);
    // Who sends no key brings its own login.
    const problem = 'problem' in told ? told.problem : key === undefined ? undefined : told.noLogin;
    if ('problem' in told || problem !== undefined) {
      const answer = { problem: problem as ConfigProblem };
      return Promise.resolve({ told, renewAt: Number.POSITIVE_INFINITY, answer });
    }
    asked.note(application, question);
    const sealedTo = told.credential === undefined ? undefined : key;
    const of = `${application}\n${topic}\n${role}\n${site ?? ''}\n${sealedTo ?? ''}`;
    const now = platform.clock.now();
    const kid = views.config.signingKey?.kid ?? '';
    const known = this.#kept.get(of);
    const { version } = views;
    const holds = known?.told === told && known.version === version && known.kid === kid && now < known.renewAt;
    if (holds) return known.signed;
    const renewAt = now + this.#options.lifeMs / 2;
    const kept = { told, version, kid, renewAt, signed: this.#sign(told, version, now, sealedTo, renewAt) };
    this.#kept.set(of, kept);
    kept.signed.catch(() => {
      if (this.#kept.get(of) === kept) this.#kept.delete(of);
    });
    return kept.signed;
  }

  async #sign(
    told: ToldAnswer,
    version: number,
    now: number,
    instanceKey: string | undefined,
    renewAt: number,
  ): Promise<SignedAnswer> {
    const { views, keys, lifeMs } = this.#options;
    const state = views.config.signingKey;
    if (state === undefined) throw notReady();
    const { content, credential } = told;
    const answer: ConfigAnswer = {
      ...content,
      version,
      issuedAt: now,
      expiresAt: now + lifeMs,
      asOf: Math.min(now, views.age().asOf),
    };
    if (credential !== undefined && content.credential !== undefined && instanceKey !== undefined) {
      answer.credential = { ...content.credential, sealed: await this.#seal(credential, instanceKey) };
    }
    const sign = await keys.signer(state);
    return { told, renewAt, kid: state.kid, answer: { signed: sign(answer) } };
  }

  /** Once for each instance, however often its answers are signed. */
  #seal({ id, kept }: KeptCredential, instanceKey: string): Promise<string> {
    const of = `${id} ${instanceKey}`;
    const known = this.#sealed.get(of);
    if (known !== undefined) return known;
    const sealing = this.#options.sealingKey().then((key) => {
      return sealCredential(JSON.parse(key.open(kept, keptPurpose(id))) as CredentialSecret, instanceKey);
    });
    this.#sealed.set(of, sealing);
    sealing.catch(() => this.#sealed.delete(of));
    return sealing;
  }
}

function notReady(): ProblemError {
  return new ProblemError('unavailable', 'the config service has no keys to sign with yet; ask again in a moment', {
    retryAfterSeconds: 1,
  });
}
