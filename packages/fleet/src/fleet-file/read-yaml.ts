/**
 * A YAML text as a value, with where its parts stand. Made for texts that nobody has looked at: what would take far
 * more memory or time than its size is refused before it is made a value.
 *
 * Values that aliases stand for are shared, not copied. Merge keys (`<<`) work as YAML 1.1 has them.
 */

import type { Alias, ParsedNode, YAMLMap } from 'yaml';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

export const textCharactersMax = 32 * 2 ** 20;
/** Values that a text may come to with each alias counted as what it stands for. */
const valuesMax = 5_000_000;

export interface YamlProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface YamlText {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly value: unknown;
}

const tooDeep = 'is nested too deep';

/** The value of a text, or all that keeps it from being one. */
export function readYaml(text: string): YamlText | { readonly problems: readonly YamlProblem[] } {
  if (text.length > textCharactersMax) {
    return refuse(`is larger than ${textCharactersMax / 2 ** 20} MiB, which no fleet comes to`);
  }
  const lines = new LineCounter();
  const at = (offset: number): number => lines.linePos(offset).line;
  try {
    // What is there twice is found below, in time that grows with the text and not with its square.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return refuse(tooDeep);
    const errors = document.errors.map(({ pos, message }) => ({ line: at(pos[0]), message }));
    if (errors.length > 0) return { problems: errors };
    const reader = new ValueReader();
    const { value } = reader.read(document.contents);
    if (reader.problems.length === 0) return { document, lines, value };
    return { problems: reader.problems.map(({ offset, message }) => ({ line: at(offset), message })) };
  } catch (error) {
    // A stack that overflows is one.
    if (error instanceof RangeError) return refuse(tooDeep);
    throw error;
  }
}

function refuse(message: string): { readonly problems: readonly YamlProblem[] } {
  return { problems: [{ line: 1, message }] };
}

/** A value, and how many it comes to with those in it. */
interface Weighed {
  readonly value: unknown;
  readonly weight: number;
}

const nothing: Weighed = { value: null, weight: 1 };

/** Goes once over the nodes of a document, in its order. */
class ValueReader {
  readonly problems: { readonly offset: number; readonly message: string }[] = [];
  /** What anchors stand for, so far; undefined while that is being read. */
  readonly #anchors = new Map<string, Weighed | undefined>();
  #isRefused = false;

  read(node: unknown): Weighed {
    if (this.#isRefused || !isNode(node)) return nothing;
    if (isAlias(node)) return this.#standingFor(node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const read = this.#readPlain(node);
    if (anchor !== undefined) this.#anchors.set(anchor, read);
    if (read.weight > valuesMax) this.#refuse(node, 'stands for more than a fleet comes to: its aliases multiply');
    return read;
  }

  #readPlain(node: Node): Weighed {
    if (isMap(node)) return this.#readMap(node);
    if (!isSeq(node)) return { value: isScalar(node) ? node.value : null, weight: 1 };
    const items = node.items.map((item) => this.read(item));
    return { value: items.map(({ value }) => value), weight: items.reduce((sum, { weight }) => sum + weight, 1) };
  }

  #readMap(map: YAMLMap): Weighed {
    const fields = new Map<string, unknown>();
    const merged: unknown[] = [];
    let weight = 1;
    for (const { key, value: member } of map.items) {
      const { value, weight: own } = this.read(member);
      weight += own + 1;
      if (this.#isRefused) break;
      const name = this.#nameOf(key, map);
      if (name === '<<') merged.push(...[value].flat());
      else if (fields.has(name)) this.#complain(key, `${name} is there twice, and keys are unique`);
      else fields.set(name, value);
    }
    for (const source of merged) {
      for (const [name, value] of Object.entries(Object(source))) if (!fields.has(name)) fields.set(name, value);
    }
    // Unlike an assignment this takes every name.
    return { value: Object.fromEntries(fields), weight };
  }

  #nameOf(key: unknown, map: YAMLMap): string {
    const { value } = this.read(key);
    if (typeof value !== 'object') return String(value);
    if (value !== null) this.#complain(isNode(key) ? key : map, 'a key is a text');
    return '';
  }

  #standingFor(alias: Alias): Weighed {
    const { source } = alias;
    const read = this.#anchors.get(source);
    if (read !== undefined) return read;
    const isWithin = this.#anchors.has(source);
    const reason = isWithin ? 'is part of what it stands for' : `stands for nothing: there is no &${source} before it`;
    this.#refuse(alias, `*${source} ${reason}`);
    return nothing;
  }

  #complain(node: unknown, message: string): void {
    const offset = isNode(node) ? ((node as ParsedNode).range?.[0] ?? 0) : 0;
    this.problems.push({ offset, message });
  }

  #refuse(node: Node, message: string): void {
    if (!this.#isRefused) this.#complain(node, message);
    this.#isRefused = true;
  }
}
