/**
 * Which templates differ in one token only: for each template and each of its words and places, a group by all the
 * other tokens. Groups are found by a hash of two times 32 bits that leaves the token out.
 */
import type { Template, Tokens } from './template.ts';
import { isWord } from './variability.ts';

export interface Siblings {
  readonly index: number;
  readonly members: readonly Template[];
}

export class SiblingIndex {
  readonly #groups = new Map<number, Template[]>();

  add(template: Template): void {
    for (const { key } of keysOf(template.tokens)) {
      const group = this.#groups.get(key);
      if (group === undefined) this.#groups.set(key, [template]);
      else group.push(template);
    }
  }

  remove(template: Template): void {
    for (const { key } of keysOf(template.tokens)) {
      const group = this.#groups.get(key);
      const at = group?.indexOf(template) ?? -1;
      if (group === undefined || at < 0) continue;
      if (group.length === 1) this.#groups.delete(key);
      else group.splice(at, 1);
    }
  }

  /** The groups of a template that hold others too, from its first token to its last. */
  *of(template: Template): Iterable<Siblings> {
    for (const { index, key } of keysOf(template.tokens)) {
      const members = this.#groups.get(key);
      if (members !== undefined && members.length > 1) yield { index, members };
    }
  }
}

function keysOf(tokens: Tokens): { readonly index: number; readonly key: number }[] {
  let low = tokens.length;
  let high = 0;
  const parts = tokens.map((token, index) => {
    const part = { low: hash(token, index, 0x01000193), high: hash(token, index, 0x5bd1e995) };
    low ^= part.low;
    high ^= part.high;
    return part;
  });
  return parts.flatMap((part, index) => {
    const token = tokens[index];
    if (token !== null && !isWord(token)) return [];
    const rest = ((high ^ part.high ^ Math.imul(index, 0x9e3779b1)) & 0x1fffff) * 0x1_0000_0000;
    return [{ index, key: rest + ((low ^ part.low) >>> 0) }];
  });
}

function hash(token: string | null, index: number, prime: number): number {
  let value = Math.imul(index + 1, 0x85ebca6b);
  if (token === null) value ^= 0x27d4eb2f;
  else for (let at = 0; at < token.length; at++) value = Math.imul(value ^ token.charCodeAt(at), prime);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return Math.imul(value ^ (value >>> 12), 0x297a2d39);
}
