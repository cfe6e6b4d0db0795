/** Aggregations that choose some series of each group: topk, bottomk, limitk, limit_ratio. */
import { remarks } from '../functions/remarks.ts';
import type { Labels } from '../model/labels.ts';
import { QueryError, queryFailed } from '../query-error.ts';
import type { Aggregation } from '../syntax/expression.ts';
import { Column, kinds } from './column.ts';
import type { Evaluation } from './evaluation.ts';
import { type Group, groupsOf } from './grouping.ts';

/** Which members are chosen at a time, in the order in which an instant shows them. */
type Choose = (group: Group, at: number, param: number) => Iterable<Column>;

export async function aggregateSelection(
  aggregation: Aggregation,
  params: Float64Array,
  columns: readonly Column[],
  evaluation: Evaluation,
): Promise<Column[]> {
  const { operator } = aggregation;
  if (operator === 'limit_ratio') checkRatios(aggregation, params, evaluation);
  else if (!checkCounts(params)) return [];
  const { grid, budget } = evaluation;
  const choose = chooser(aggregation, evaluation);
  const results = new Map<Column, Column>();
  for (const group of groupsOf(columns, aggregation)) {
    for (let at = 0; at < grid.count; at++) {
      if (budget.isDue) await budget.yield();
      for (const member of choose(group, at, params[at] as number)) {
        let result = results.get(member);
        if (result === undefined) {
          budget.take(grid.count);
          result = new Column(member.labels, grid.count, member.dropsName);
          results.set(member, result);
        }
        result.copyFrom(member, at);
      }
    }
  }
  return [...results.values()];
}

function checkRatios({ param }: Aggregation, params: Float64Array, { notes }: Evaluation): void {
  if (params.some(Number.isNaN)) throw queryFailed('Ratio value is NaN');
  const { max, min } = extent(params);
  if (param === undefined) return;
  if (max > 1) remarks.badRatio(notes, max, 1, param);
  if (min < -1) remarks.badRatio(notes, min, -1, param);
}

/** Whether any of them asks for something. */
function checkCounts(params: Float64Array): boolean {
  const { max, min } = extent(params);
  if (max < 1) return false;
  if (Number.isNaN(max)) throw queryFailed('Parameter value is NaN');
  const bound = 2 ** 63;
  if (min <= -bound) throw queryFailed(`Scalar value ${min} underflows int64`);
  if (max >= bound) throw queryFailed(`Scalar value ${max} overflows int64`);
  return true;
}

function extent(params: Float64Array): { readonly max: number; readonly min: number } {
  return {
    max: params.reduce((most, param) => Math.max(most, param), -Infinity),
    min: params.reduce((least, param) => Math.min(least, param), Infinity),
  };
}

function chooser(aggregation: Aggregation, { notes }: Evaluation): Choose {
  switch (aggregation.operator) {
    case 'limitk':
      return (group, at, count) =>
        group.members.filter((member) => member.has(at)).slice(0, Math.max(0, Math.trunc(count)));
    case 'limit_ratio':
      return ({ members }, at, ratio) => members.filter((member) => member.has(at) && isWithin(ratio, member.labels));
    case 'topk':
    case 'bottomk': {
      const isTop = aggregation.operator === 'topk';
      return ({ members }, at, count) => {
        if (Math.trunc(count) < 1) return [];
        const best = new Best(Math.min(Math.trunc(count), members.length), isTop);
        for (const member of members) {
          if (member.kinds[at] === kinds.number) best.offer(member, member.values[at] as number);
          else if (member.has(at)) remarks.aggregationIgnored(notes, aggregation.operator, aggregation);
        }
        return best.columns;
      };
    }
    default:
      throw new QueryError('query_failed', `${aggregation.operator} does not choose series`);
  }
}

/** The best so far, best first. Who came first stays before others that are as good. */
class Best {
  readonly columns: Column[] = [];
  readonly #ranks: number[] = [];
  readonly #count: number;
  readonly #sign: number;

  constructor(count: number, isTop: boolean) {
    this.#count = count;
    this.#sign = isTop ? 1 : -1;
  }

  offer(column: Column, value: number): void {
    // NaN is worse than anything.
    const rank = Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value * this.#sign;
    const isNan = Number.isNaN(value);
    const ranks = this.#ranks;
    if (ranks.length === this.#count && !this.#isBetter(rank, isNan, ranks.length - 1)) return;
    let low = 0;
    let high = ranks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBetter(rank, isNan, middle)) high = middle;
      else low = middle + 1;
    }
    ranks.splice(low, 0, isNan ? NaN : rank);
    this.columns.splice(low, 0, column);
    if (ranks.length <= this.#count) return;
    ranks.pop();
    this.columns.pop();
  }

  #isBetter(rank: number, isNan: boolean, than: number): boolean {
    const other = this.#ranks[than] as number;
    if (isNan) return false;
    return Number.isNaN(other) || rank > other;
  }
}

/** Series are spread evenly by a digest of their labels: a ratio and what is left to one choose every series once. */
function isWithin(ratio: number, labels: Labels): boolean {
  if (ratio === 0) return false;
  const place = placeOf(labels.key);
  return ratio > 0 ? place < ratio : place >= 1 + Math.max(ratio, -1);
}

/** FNV-1a with a last mixing, as a fraction. */
function placeOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
