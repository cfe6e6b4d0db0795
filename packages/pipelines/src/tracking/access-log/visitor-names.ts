/**
 * Pseudonyms of visitors who are known only by their address and user agent: a keyed hash (HMAC-SHA-256) of both, so
 * that without the key nobody can tell who is who by trying all addresses.
 */
import { createHmac } from 'node:crypto';

/** Names kept at hand; a visitor asks for many things in a row. */
const rememberedMost = 10_000;

export class VisitorNames {
  readonly #key: Uint8Array;
  readonly #known = new Map<string, string>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** 132 bits of the hash as base64url. */
  nameOf(host: string, userAgent: string | undefined): string {
    const visitor = `${host}\n${userAgent ?? ''}`;
    const known = this.#known.get(visitor);
    if (known !== undefined) return known;
    const name = createHmac('sha256', this.#key).update(visitor).digest('base64url').slice(0, 22);
    if (this.#known.size >= rememberedMost) this.#known.clear();
    this.#known.set(visitor, name);
    return name;
  }
}
