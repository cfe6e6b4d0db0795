/**
 * Operators between two vectors: series that belong together make one, one with one, or many with one. At any time at
 * most one of a group may be there on the side that has one.
 */
import { type Labels, metadataLabels } from '../model/labels.ts';
import { queryFailed } from '../query-error.ts';
import type { Binary } from '../syntax/expression.ts';
import { Column, kinds, nonEmpty } from './column.ts';
import type { Evaluation } from './evaluation.ts';
import { mergedByLabels } from './merge.ts';
import { arithmetic, changesMetric, isNumberOperator, operate, type Sample } from './operators.ts';
import { type MatchGroup, matchGroups, presence } from './signature.ts';

export async function combineVectors(
  binary: Binary,
  left: readonly Column[],
  right: readonly Column[],
  evaluation: Evaluation,
): Promise<Column[]> {
  const { matching } = binary;
  const { grid, budget } = evaluation;
  const isFilled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (left.length === 0 && right.length === 0) return [];
  if (!isFilled && (left.length === 0 || right.length === 0)) return [];
  const results: Column[] = [];
  const presences = lazyPresences(left, right, grid.count);
  for (const group of matchGroups(left, right, matching)) {
    if (budget.isDue) await budget.yield();
    if (!isFilled && (group.left.length === 0 || group.right.length === 0)) {
      refuseDoubles(binary, group, presences, grid.count);
      continue;
    }
    const combiner = new GroupCombiner(binary, group, presences, evaluation);
    for (const column of combiner.combine()) {
      budget.take(grid.count);
      results.push(column);
    }
  }
  return mergedByLabels(nonEmpty(results));
}

/** Where each side has any series at all. */
function lazyPresences(left: readonly Column[], right: readonly Column[], count: number) {
  const lazy = (columns: readonly Column[]): (() => Uint8Array) => {
    let known: Uint8Array | undefined;
    return () => {
      known ??= presence(columns, count);
      return known;
    };
  };
  return { left: lazy(left), right: lazy(right) };
}

type BothPresences = ReturnType<typeof lazyPresences>;

/** The side that may have one only. */
function oneSide({ matching }: Binary): 'left' | 'right' {
  return matching.many === 'right' ? 'left' : 'right';
}

/** The index of the one that is there at each time, or -1. */
function onlyOnes(binary: Binary, group: MatchGroup, presences: BothPresences, count: number): Int32Array {
  const side = oneSide(binary);
  const ones = group[side];
  const others = presences[side === 'left' ? 'right' : 'left'];
  const { matching } = binary;
  const isFilled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  const only = new Int32Array(count).fill(-1);
  for (const [index, column] of ones.entries()) {
    for (let at = 0; at < count; at++) {
      if (!column.has(at)) continue;
      const before = only[at] as number;
      // With nothing on the other side nothing is matched, and so nothing is wrong.
      if (before >= 0 && (isFilled || others()[at] !== 0)) {
        throw doubleError(group.labels, ones[before] as Column, column, side);
      }
      only[at] = index;
    }
  }
  return only;
}

function refuseDoubles(binary: Binary, group: MatchGroup, presences: BothPresences, count: number): void {
  if (group[oneSide(binary)].length > 1) onlyOnes(binary, group, presences, count);
}

function doubleError(labels: Labels, one: Column, other: Column, side: string) {
  const [first, second] = [labelsText(one.labels), labelsText(other.labels)].sort();
  return queryFailed(
    `found duplicate series for the match group ${labelsText(labels)} on the ${side} hand-side of the operation: ` +
      `[${first}, ${second}];many-to-many matching not allowed: matching labels must be unique on one side`,
  );
}

/** `{a="b", c="d"}` */
export function labelsText(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
}

class GroupCombiner {
  readonly #binary: Binary;
  readonly #group: MatchGroup;
  readonly #evaluation: Evaluation;
  readonly #count: number;
  readonly #many: readonly Column[];
  readonly #ones: readonly Column[];
  readonly #only: Int32Array;
  /** Which times have a result, by its labels where many may have one. */
  readonly #matched = new Map<string, Uint8Array>();
  readonly #results = new Map<string, Column>();

  constructor(binary: Binary, group: MatchGroup, presences: BothPresences, evaluation: Evaluation) {
    this.#binary = binary;
    this.#group = group;
    this.#evaluation = evaluation;
    this.#count = evaluation.grid.count;
    const side = oneSide(binary);
    this.#ones = group[side];
    this.#many = group[side === 'left' ? 'right' : 'left'];
    this.#only = onlyOnes(binary, group, presences, this.#count);
  }

  combine(): Column[] {
    const [fillMany, fillOne] = this.#fills();
    const anyMatched = new Uint8Array(this.#count);
    for (const many of this.#many) this.#combineMany(many, fillOne, anyMatched);
    if (fillMany !== undefined) {
      const labels = this.#group.labels;
      for (const one of this.#ones) {
        const result = this.#result(labels, one.labels, one.dropsName);
        for (let at = 0; at < this.#count; at++) {
          if (anyMatched[at] === 0 && one.has(at)) this.#put(result, at, fillMany, one.at(at) as Sample);
        }
      }
    }
    return [...this.#results.values()];
  }

  /** Of the side that may have many, and of the other. */
  #fills(): [number | undefined, number | undefined] {
    // Prometheus does not exchange them for group_right, and its tests hold it to that.
    const { fillLeft, fillRight } = this.#binary.matching;
    return [fillLeft, fillRight];
  }

  #combineMany(many: Column, fillOne: number | undefined, anyMatched: Uint8Array): void {
    const [only] = this.#ones;
    if (this.#ones.length === 1 && only !== undefined && this.#many.length === 1 && fillOne === undefined) {
      if (this.#combineNumbers(many, only, anyMatched)) return;
    }
    for (let at = 0; at < this.#count; at++) {
      if (!many.has(at)) continue;
      const one = this.#ones[this.#only[at] as number];
      const other = one?.at(at) ?? fillOne;
      if (other === undefined) continue;
      const result = this.#result(many.labels, one?.labels ?? this.#group.labels, many.dropsName);
      anyMatched[at] = 1;
      this.#put(result, at, many.at(at) as Sample, other);
    }
  }

  /** The common case, where nothing can go wrong: one series of numbers with one other. */
  #combineNumbers(many: Column, one: Column, anyMatched: Uint8Array): boolean {
    const { operator } = this.#binary;
    if (!isNumberOperator(operator) || many.histograms !== undefined || one.histograms !== undefined) return false;
    const apply = arithmetic[operator];
    const result = this.#result(many.labels, one.labels, many.dropsName);
    const isManyLeft = oneSide(this.#binary) === 'right';
    for (let at = 0; at < this.#count; at++) {
      if (many.kinds[at] === kinds.none || one.kinds[at] === kinds.none) continue;
      const a = many.values[at] as number;
      const b = one.values[at] as number;
      result.setNumber(at, isManyLeft ? apply(a, b) : apply(b, a));
      anyMatched[at] = 1;
    }
    return true;
  }

  #put(result: Column, at: number, many: Sample, one: Sample): void {
    const { matching, isBool } = this.#binary;
    const [left, right] = oneSide(this.#binary) === 'right' ? [many, one] : [one, many];
    const outcome = operate(this.#binary, left, right, this.#evaluation.notes);
    if (outcome === undefined) return;
    const key = matching.many === undefined ? '' : result.labels.key;
    let matched = this.#matched.get(key);
    if (matched === undefined) {
      matched = new Uint8Array(this.#count);
      this.#matched.set(key, matched);
    }
    if (matched[at] === 1) throw this.#multipleError();
    matched[at] = 1;
    if (isBool) result.setNumber(at, Number(outcome.isKept));
    else if (outcome.isKept) result.set(at, outcome.value);
  }

  #multipleError() {
    const isGrouped = this.#binary.matching.many !== undefined;
    return queryFailed(
      isGrouped
        ? 'multiple matches for labels: grouping labels must ensure unique matches'
        : 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
    );
  }

  #result(many: Labels, one: Labels, dropsName: boolean): Column {
    const key = `${many.key}\x00${one.key}`;
    let column = this.#results.get(key);
    if (column === undefined) {
      column = new Column(this.#labels(many, one), this.#count, this.#binary.isBool || dropsName);
      this.#results.set(key, column);
    }
    return column;
  }

  #labels(many: Labels, one: Labels): Labels {
    const { operator, matching } = this.#binary;
    let labels = changesMetric(operator) ? many.drop(metadataLabels) : many;
    if (matching.many === undefined) {
      const names = new Set(matching.labels);
      labels = matching.on ? labels.keep(names) : labels.drop(names);
    }
    for (const name of matching.include) labels = labels.with(name, one.get(name));
    return labels;
  }
}
