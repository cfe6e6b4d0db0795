/**
 * A YAML text as a value, with where its parts stand. Made for texts that nobody has looked at: what would take far
 * more memory or time than its size is refused before it is made a value.
 */
import { messageOf } from '@millrace/base';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
} from 'yaml';

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

/** The value of a text, or all that keeps it from being one. */
export function readYaml(text: string): YamlText | { readonly problems: readonly YamlProblem[] } {
  if (text.length > textCharactersMax) {
    return refuse(1, `is larger than ${textCharactersMax / 2 ** 20} MiB, which no fleet comes to`);
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      uniqueKeys: false,
      keepSourceTokens: false,
    });
    const at = (offset: number): number => lines.linePos(offset).line;
    const problems = document.errors.map(({ pos, message }) => ({ line: at(pos[0]), message }));
    if (problems.length > 0) return { problems };
    const survey = new Survey();
    survey.weigh(document.contents);
    if (survey.problems.length > 0) {
      return { problems: survey.problems.map(({ offset, message }) => ({ line: at(offset), message })) };
    }
    // Aliases were counted above, by what they come to.
    return { document, lines, value: document.toJS({ maxAliasCount: -1 }) };
  } catch (error) {
    if (error instanceof RangeError) return refuse(1, 'is nested too deep');
    if (error instanceof ReferenceError) return refuse(1, messageOf(error));
    throw error;
  }
}

function refuse(line: number, message: string): { readonly problems: readonly YamlProblem[] } {
  return { problems: [{ line, message }] };
}

/** Looks once at every node of a document, in its order. */
class Survey {
  readonly problems: { readonly offset: number; readonly message: string }[] = [];
  /** What anchors stand for, so far, with what it comes to; undefined while that is not known. */
  readonly #anchors = new Map<string, { values: number | undefined }>();
  #isRefused = false;

  /** How many values a node comes to. */
  weigh(node: unknown): number {
    if (this.#isRefused || !isNode(node)) return 0;
    if (isAlias(node)) return this.#weighAlias(node);
    const anchor = { values: undefined as number | undefined };
    if (isAnchored(node)) this.#anchors.set(node.anchor, anchor);
    let values = 1;
    if (isMap(node)) {
      this.#checkKeys(node.items.map(({ key }) => key));
      for (const { key, value } of node.items) values += this.weigh(key) + this.weigh(value);
    } else if (isSeq(node)) {
      for (const item of node.items) values += isPair(item) ? 1 : this.weigh(item);
    }
    anchor.values = values;
    if (values > valuesMax) this.#refuse(node, 'stands for more than a fleet comes to: its aliases multiply');
    return values;
  }

  #weighAlias(node: Node & { readonly source: string }): number {
    const anchor = this.#anchors.get(node.source);
    if (anchor === undefined)
      this.#refuse(node, `*${node.source} stands for nothing: there is no &${node.source} before it`);
    else if (anchor.values === undefined) this.#refuse(node, `*${node.source} is part of what it stands for`);
    return anchor?.values ?? 0;
  }

  #checkKeys(keys: readonly unknown[]): void {
    const seen = new Set<unknown>();
    for (const key of keys) {
      if (!isScalar(key) || key.value === '<<') continue;
      if (seen.has(key.value)) {
        this.problems.push({
          offset: offsetOf(key),
          message: `${String(key.value)} is there twice, and keys are unique`,
        });
      }
      seen.add(key.value);
    }
  }

  #refuse(node: Node, message: string): void {
    if (!this.#isRefused) this.problems.push({ offset: offsetOf(node), message });
    this.#isRefused = true;
  }
}

function isAnchored(node: Node): node is Node & { readonly anchor: string } {
  return 'anchor' in node && typeof node.anchor === 'string';
}

function offsetOf(node: Node): number {
  return (node as ParsedNode).range?.[0] ?? 0;
}
