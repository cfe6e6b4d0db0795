/**
 * A shape that lines have: words, punctuation, and places where they differ, with how many lines had it and when.
 *
 * A place where all lines so far had the same value is shown as that value; the template is the same either way.
 */
import type { LineScanner } from './line-scanner.ts';

/** The text of a token; null for a place. */
export type Tokens = readonly (string | null)[];

/** What all lines so far had in a place: the value, or at least the unit. */
interface Constant {
  readonly index: number;
  value: string | undefined;
  unit: string | undefined;
}

/** A template as it is stored. */
export interface TemplateRow {
  readonly id: string;
  /** Templates are told apart by it where several would do: the earlier one is taken. */
  readonly order: number;
  readonly tokens: Tokens;
  /** For each token, 1 where white space stands before it. */
  readonly spaces: string;
  readonly constants: readonly { readonly index: number; readonly value?: string; readonly unit?: string }[];
  readonly count: number;
  /** Milliseconds since 1970, by the lines' own times. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

export class Template {
  readonly id: string;
  readonly order: number;
  tokens: (string | null)[];
  readonly #spaces: string;
  #constants: Constant[];
  count = 0;
  firstSeenMs = Number.POSITIVE_INFINITY;
  lastSeenMs = Number.NEGATIVE_INFINITY;
  /** Whether it differs from what was stored last. */
  isChanged = false;

  constructor(row: TemplateRow) {
    this.id = row.id;
    this.order = row.order;
    this.tokens = [...row.tokens];
    this.#spaces = row.spaces;
    this.#constants = row.constants.map(({ index, value, unit }) => ({ index, value, unit }));
    this.count = row.count;
    this.firstSeenMs = row.firstSeenMs;
    this.lastSeenMs = row.lastSeenMs;
  }

  /** The template of a scanned line, which it does not count yet. */
  static of(scanner: LineScanner, text: string, order: number): Template {
    const tokens: (string | null)[] = [];
    const constants: { index: number; value: string; unit?: string }[] = [];
    let spaces = '';
    for (let index = 0; index < scanner.count; index++) {
      spaces += scanner.hasSpaceBefore(index) ? '1' : '0';
      const isPlace = scanner.kinds[index] === 1;
      tokens.push(isPlace ? null : scanner.token(index));
      if (!isPlace) continue;
      const unit = text.slice(scanner.units[index], scanner.ends[index]);
      constants.push({ index, value: scanner.token(index), ...(unit === '' ? {} : { unit }) });
    }
    const id = scanner.skeleton.toString(36).padStart(11, '0');
    return new Template({
      id,
      order,
      tokens,
      spaces,
      constants,
      count: 0,
      firstSeenMs: Infinity,
      lastSeenMs: -Infinity,
    });
  }

  /** Counts a line that has been scanned and has this shape. */
  note(scanner: LineScanner, text: string, timeMs: number): void {
    this.count++;
    if (timeMs < this.firstSeenMs) this.firstSeenMs = timeMs;
    if (timeMs > this.lastSeenMs) this.lastSeenMs = timeMs;
    for (let at = this.#constants.length - 1; at >= 0; at--) {
      const constant = this.#constants[at] as Constant;
      const { index, value } = constant;
      const start = scanner.starts[index] as number;
      const end = scanner.ends[index] as number;
      if (value !== undefined && value.length === end - start && text.startsWith(value, start)) continue;
      constant.value = undefined;
      const { unit } = constant;
      const from = scanner.units[index] as number;
      if (unit !== undefined && unit.length === end - from && text.startsWith(unit, from)) continue;
      this.#constants.splice(at, 1);
    }
  }

  /** Takes over the lines of another, which is no template any more, once both have the same tokens. */
  absorb(other: Template): void {
    this.count += other.count;
    this.firstSeenMs = Math.min(this.firstSeenMs, other.firstSeenMs);
    this.lastSeenMs = Math.max(this.lastSeenMs, other.lastSeenMs);
    this.#constants = this.#constants.flatMap((mine): Constant[] => {
      const theirs = other.#constants.find(({ index }) => index === mine.index);
      const value = mine.value === theirs?.value ? mine.value : undefined;
      const unit = mine.unit === theirs?.unit ? mine.unit : undefined;
      return value === undefined && unit === undefined ? [] : [{ index: mine.index, value, unit }];
    });
  }

  /** Lets a word vary. */
  open(index: number): void {
    this.tokens[index] = null;
  }

  /** For people: `<*>` where lines differ. */
  get text(): string {
    const known = new Map(this.#constants.map((constant) => [constant.index, constant]));
    let text = '';
    for (const [index, token] of this.tokens.entries()) {
      if (index > 0 && this.#spaces[index] === '1') text += ' ';
      text += token ?? this.#placeText(known.get(index));
    }
    return text;
  }

  #placeText(constant: Constant | undefined): string {
    if (constant === undefined) return '<*>';
    if (constant.value !== undefined && (this.count > 1 || constant.value === '')) return constant.value;
    return constant.unit === undefined ? '<*>' : `<*> ${constant.unit}`;
  }

  row(): TemplateRow {
    const { id, order, tokens, count, firstSeenMs, lastSeenMs } = this;
    const constants = this.#constants.map(({ index, value, unit }) => ({
      index,
      ...(value === undefined ? {} : { value }),
      ...(unit === undefined ? {} : { unit }),
    }));
    return { id, order, tokens: [...tokens], spaces: this.#spaces, constants, count, firstSeenMs, lastSeenMs };
  }
}
