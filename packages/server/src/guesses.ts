/**
 * Slows down who guesses tokens: after some failures an address has to wait before it may try another one, twice as
 * long each time. A token that was right lately is no guess, so that somebody who guesses does not lock out others
 * behind the same address.
 *
 * Tries count before they are judged, or many at once would all be free; the same token tried many times at once is
 * one try.
 */
import { hash } from 'node:crypto';
import type { Principal } from '@millrace/api';

interface Failures {
  count: number;
  /** When it may try again. */
  until: number;
  at: number;
}

export interface GuessesOptions {
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  /** Failures that cost nothing. Default 10. */
  readonly free?: number | undefined;
}

const freeDefault = 10;
const waitMsMax = 300_000;
const forgottenAfterMs = 900_000;
const keysMax = 20_000;

/** Whose it was, nobody's, or that this address has to wait. */
export type Verdict = { readonly principal: Principal | undefined } | { readonly waitSeconds: number };

export class Guesses {
  readonly #now: () => number;
  readonly #free: number;
  readonly #failures = new Map<string, Failures>();
  readonly #known = new Map<string, number>();
  readonly #running = new Map<string, Promise<Principal | undefined>>();

  constructor(options: GuessesOptions) {
    this.#now = options.now;
    this.#free = options.free ?? freeDefault;
  }

  /** Judges a secret that came from an address, unless that address has to wait. */
  async judge(
    address: string,
    secret: string,
    check: (secret: string) => Promise<Principal | undefined>,
  ): Promise<Verdict> {
    const digest = hash('sha256', secret, 'base64');
    const isKnown = this.#isKnown(digest);
    const running = this.#running.get(digest);
    if (running !== undefined) return { principal: await running };
    let uncount = (): void => undefined;
    if (!isKnown) {
      const waitSeconds = this.#waitOf(address);
      if (waitSeconds > 0) return { waitSeconds };
      uncount = this.#count(address);
    }
    const checking = check(secret);
    this.#running.set(digest, checking);
    try {
      const principal = await checking;
      if (principal !== undefined) {
        uncount();
        keep(this.#known, digest, this.#now());
      } else if (isKnown) {
        this.#known.delete(digest);
        this.#count(address);
      }
      return { principal };
    } catch (error) {
      uncount();
      throw error;
    } finally {
      this.#running.delete(digest);
    }
  }

  #isKnown(digest: string): boolean {
    const at = this.#known.get(digest);
    return at !== undefined && this.#now() - at < forgottenAfterMs;
  }

  #waitOf(address: string): number {
    const failures = this.#failures.get(address);
    return failures === undefined ? 0 : Math.max(0, failures.until - this.#now()) / 1000;
  }

  /** Answers how to take it back. */
  #count(address: string): () => void {
    const now = this.#now();
    const known = this.#failures.get(address);
    const isRecent = known !== undefined && now - known.at < forgottenAfterMs;
    const failures = isRecent ? known : { count: 0, until: 0, at: now };
    const before = failures.until;
    failures.count++;
    failures.at = now;
    const over = failures.count - this.#free;
    if (over >= 0) failures.until = now + Math.min(waitMsMax, 1000 * 2 ** over);
    const { until } = failures;
    keep(this.#failures, address, failures);
    return () => {
      failures.count--;
      // Others may have failed meanwhile.
      if (failures.until === until) failures.until = before;
    };
  }
}

/** As the newest of at most `keysMax`. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= keysMax) return;
  const [oldest] = map.keys();
  map.delete(oldest as string);
}
