/**
 * info: series with labels added from info series of the same `job` and `instance`, such as `target_info`. The second
 * argument says which info series, by name, and which of their labels.
 */
import { Column } from '../engine/column.ts';
import { type Evaluation, evaluateVector, type Look, lookAt, lookOf } from '../engine/evaluation.ts';
import { selectSeries } from '../engine/instant-selector.ts';
import { mergedByLabels } from '../engine/merge.ts';
import { labelsText } from '../engine/vector-matching.ts';
import { Labels, metricNameLabel } from '../model/labels.ts';
import { type Matcher, matcher } from '../model/matcher.ts';
import { isStale } from '../model/stale-marker.ts';
import { queryFailed } from '../query-error.ts';
import type { StoredSeries } from '../series-source.ts';
import { bare, type Call, type Expression, type Shift } from '../syntax/expression.ts';

const identifying: ReadonlySet<string> = new Set(['instance', 'job']);

/** What the second argument asks for. */
interface Wanted {
  readonly names: readonly Matcher[];
  /** By label; without any all labels are taken. */
  readonly labels: ReadonlyMap<string, readonly Matcher[]>;
}

export async function evaluateInfo({ args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const columns = await evaluateVector(args[0] as Expression, evaluation);
  const wanted = wantedOf(args[1]);
  const isInfo = (column: Column): boolean =>
    wanted.names.every((each) => each.matches(column.labels.get(metricNameLabel)));
  const plain = columns.filter((column) => !isInfo(column));
  const look = lookOf(evaluation, shiftOf(args[0] as Expression));
  const infos = await fetchInfos(plain, wanted, look, evaluation);
  const results: Column[] = columns.filter(isInfo);
  for (const column of plain) {
    if (evaluation.budget.isDue) await evaluation.budget.yield();
    results.push(...enriched(column, infos, wanted, look, evaluation));
  }
  return mergedByLabels(results);
}

function wantedOf(selector: Expression | undefined): Wanted {
  const inner = selector && bare(selector);
  const matchers = inner?.kind === 'selector' ? inner.matchers : [];
  const names = matchers.filter(({ name }) => name === metricNameLabel);
  const labels = new Map<string, Matcher[]>();
  for (const each of matchers) {
    if (each.name !== metricNameLabel) labels.set(each.name, [...(labels.get(each.name) ?? []), each]);
  }
  if (names.length === 0) return { names: [matcher(metricNameLabel, '=', 'target_info')], labels };
  // What only says which names not to take means those of info series.
  const isPositive = names.some(({ operator }) => operator === '=' || operator === '=~');
  return { names: isPositive ? names : [matcher(metricNameLabel, '=~', '.+_info'), ...names], labels };
}

/** The time at which the first argument looks holds for info series too. */
function shiftOf(expression: Expression): Shift {
  const inner = bare(expression);
  switch (inner.kind) {
    case 'selector':
      return inner;
    case 'range':
      return inner.selector;
    case 'subquery': {
      const own = shiftOf(inner.inner);
      if (own.at !== undefined) return own;
      return { at: inner.at, offset: sumOf(own.offset, inner.offset) };
    }
    case 'call':
      return firstShift(inner.args);
    case 'aggregation':
    case 'unary':
      return shiftOf(inner.inner);
    case 'binary':
      return firstShift([inner.left, inner.right]);
    default:
      return {};
  }
}

function sumOf(left: Shift['offset'], right: Shift['offset']): Shift['offset'] {
  if (left === undefined || right === undefined) return left ?? right;
  return { kind: 'of-two', operator: '+', left, right, from: left.from, to: right.to };
}

function firstShift(expressions: readonly Expression[]): Shift {
  for (const each of expressions) {
    const shift = shiftOf(each);
    if (shift.at !== undefined || shift.offset !== undefined) return shift;
  }
  return {};
}

/** Info series by name and identity. */
type Infos = ReadonlyMap<string, readonly StoredSeries[]>;

async function fetchInfos(
  columns: readonly Column[],
  { names, labels }: Wanted,
  look: Look,
  evaluation: Evaluation,
): Promise<Infos> {
  const identities = new Set(columns.map((column) => column.labels.keep(identifying)).filter(({ size }) => size > 0));
  const infos = new Map<string, StoredSeries[]>();
  if (identities.size === 0) return infos;
  const keys = new Set([...identities].map(({ key }) => key));
  const matchers = [...names, ...[...labels.values()].flat()];
  const from = look.firstMs - evaluation.lookbackMs + 1;
  for (const series of await selectSeries(evaluation, { matchers }, from, look.lastMs)) {
    const identity = series.labels.keep(identifying);
    if (!keys.has(identity.key)) continue;
    infos.set(identity.key, [...(infos.get(identity.key) ?? []), series]);
  }
  return infos;
}

/** The column with the labels that info series add, which may be others from time to time. */
function enriched(column: Column, infos: Infos, wanted: Wanted, look: Look, evaluation: Evaluation): readonly Column[] {
  const { grid } = evaluation;
  const candidates = infos.get(column.labels.keep(identifying).key) ?? [];
  const needsInfo = [...wanted.labels.values()].flat().some((each) => !each.matches(''));
  const results = new Map<string, Column>();
  for (let at = 0; at < grid.count; at++) {
    if (!column.has(at)) continue;
    const current = newest(candidates, lookAt(look, grid, at), evaluation);
    if (current.length === 0 && needsInfo) continue;
    const labels = withInfo(column.labels, current, wanted);
    let result = results.get(labels.key);
    if (result === undefined) {
      result = new Column(labels, grid.count, column.dropsName);
      results.set(labels.key, result);
    }
    result.copyFrom(column, at);
  }
  return [...results.values()];
}

/** Of each name the series whose sample is the newest. */
function newest(candidates: readonly StoredSeries[], timeMs: number, evaluation: Evaluation): StoredSeries[] {
  const byName = new Map<string, { readonly series: StoredSeries; readonly sampleMs: number }>();
  for (const series of candidates) {
    const sampleMs = sampleTime(series, timeMs, evaluation);
    if (sampleMs === undefined) continue;
    const name = series.labels.get(metricNameLabel);
    const other = byName.get(name);
    if (other?.sampleMs === sampleMs) {
      throw queryFailed(
        `found duplicate series for info metric: existing ${labelsText(other.series.labels)} @ ${sampleMs}, ` +
          `new ${labelsText(series.labels)} @ ${sampleMs}`,
      );
    }
    if (other === undefined || other.sampleMs < sampleMs) byName.set(name, { series, sampleMs });
  }
  return [...byName.values()].map(({ series }) => series);
}

function sampleTime(series: StoredSeries, timeMs: number, { lookbackMs }: Evaluation): number | undefined {
  const { labels, times, values, histograms } = series;
  let at = times.length - 1;
  while (at >= 0 && (times[at] as number) > timeMs) at--;
  if (at < 0 || (times[at] as number) <= timeMs - lookbackMs) return undefined;
  if (histograms?.[at] !== undefined) {
    throw queryFailed(`this should be an info metric, with float samples: ${labelsText(labels)}`);
  }
  return isStale(values, at) ? undefined : times[at];
}

function withInfo(labels: Labels, infos: readonly StoredSeries[], wanted: Wanted): Labels {
  const added = new Map<string, string>();
  for (const info of infos) {
    for (const [name, value] of info.labels) {
      if (name === metricNameLabel || (wanted.labels.size > 0 && !wanted.labels.has(name))) continue;
      const before = added.get(name);
      if (before !== undefined && before !== value) throw queryFailed(`conflicting label: ${name}`);
      if (labels.get(name) === '') added.set(name, value);
    }
  }
  return added.size === 0 ? labels : Labels.from([...labels, ...added]);
}
