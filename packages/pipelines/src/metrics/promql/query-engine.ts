/**
 * The query engine: PromQL over a `SeriesSource`, at an instant or over a range of time. A query has bounds of its own,
 * and gives way to other work; how many run at a time is bounded too, and others wait.
 *
 * Where Prometheus has a choice, this is it: names of metrics go away at the end of an evaluation (its delayed name
 * removal), and experimental functions and modifiers are on.
 */
import { Budget } from './engine/budget.ts';
import { type Column, kinds, nonEmpty } from './engine/column.ts';
import { evaluate } from './engine/evaluate.ts';
import type { Evaluation, Value } from './engine/evaluation.ts';
import { type Grid, gridOf, timeAt } from './engine/grid.ts';
import { withoutDroppedNames } from './engine/merge.ts';
import { Notes, type NoteTexts } from './engine/notes.ts';
import { evaluateWholeRanges } from './engine/whole-ranges.ts';
import { compareLabels, Labels } from './model/labels.ts';
import type { NativeHistogram } from './model/native-histogram.ts';
import { QueryError } from './query-error.ts';
import { QueryTurns } from './query-turns.ts';
import type { SeriesSource } from './series-source.ts';
import { typeOf } from './syntax/check.ts';
import { bare } from './syntax/expression.ts';
import { parseQuery } from './syntax/parse.ts';

export interface QueryEngineOptions {
  readonly source: SeriesSource;
  /** How long after a sample a series still has its value; default 5 minutes. */
  readonly lookbackMs?: number | undefined;
  /** Step of subqueries that name none; default 1 minute. */
  readonly subqueryStepMs?: number | undefined;
  /** Samples that one query may read and make; default 50 million. */
  readonly samplesMax?: number | undefined;
  /** Default 2 minutes. */
  readonly timeoutMs?: number | undefined;
  /** Queries at a time; default 20. */
  readonly queriesMax?: number | undefined;
  /** Whether counters take the start times of samples for resets; default false, as Prometheus has it. */
  readonly usesStartTimes?: boolean | undefined;
}

/** How one query is asked. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** No longer than that of the engine. */
  readonly timeoutMs?: number | undefined;
  readonly lookbackMs?: number | undefined;
}

/** One series: times in milliseconds, and at each of them a number or a histogram. */
export interface ResultSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  /** NaN where there is a histogram. */
  readonly values: Float64Array;
  readonly histograms?: readonly (NativeHistogram | undefined)[] | undefined;
}

export type QueryResult =
  | { readonly type: 'vector' | 'matrix'; readonly series: readonly ResultSeries[] }
  | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timeMs: number; readonly text: string };

export interface Answer extends NoteTexts {
  readonly result: QueryResult;
  /** Samples that were read and made. */
  readonly samples: number;
}

/** Points of one series of a range: more are for nobody to see. */
const stepsMax = 11_000;

export class QueryEngine {
  readonly #options: QueryEngineOptions;
  readonly #turns: QueryTurns;

  constructor(options: QueryEngineOptions) {
    this.#options = options;
    this.#turns = new QueryTurns(options.queriesMax ?? 20);
  }

  get source(): SeriesSource {
    return this.#options.source;
  }

  /** @throws QueryError */
  async instant(query: string, timeMs: number, options: AskOptions = {}): Promise<Answer> {
    const times = { startMs: timeMs, endMs: timeMs, stepMs: 0 };
    return this.#ask(query, options, { startMs: timeMs, stepMs: 1, count: 1 }, times);
  }

  /**
   * At each step from start to end, both included.
   *
   * @throws QueryError
   */
  async range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: AskOptions = {},
  ): Promise<Answer> {
    const grid = gridOf(startMs, endMs, stepMs);
    if (grid.count > stepsMax) {
      throw new QueryError(
        'parameter_invalid',
        `exceeded maximum resolution of ${stepsMax} points per timeseries. ` +
          'Try decreasing the query resolution (?step=XX)',
      );
    }
    return this.#ask(query, options, grid, { startMs, endMs, stepMs });
  }

  async #ask(query: string, options: AskOptions, grid: Grid, times: Evaluation['query']): Promise<Answer> {
    const expression = parseQuery(query);
    const isInstant = times.stepMs === 0;
    const type = typeOf(expression);
    if (!isInstant && type !== 'scalar' && type !== 'vector') {
      const name = type === 'string' ? 'string' : 'range vector';
      throw new QueryError(
        'query_invalid',
        `invalid expression type ${JSON.stringify(name)} for range query, must be Scalar or instant Vector`,
      );
    }
    const evaluation = this.#evaluation(options, grid, times);
    using _turn = await this.#turns.take(evaluation.budget.signal);
    const inner = bare(expression);
    const result: QueryResult =
      inner.kind === 'range' || inner.kind === 'subquery'
        ? { type: 'matrix', series: await evaluateWholeRanges(inner, evaluation) }
        : resultOf(await evaluate(expression, evaluation), grid, isInstant);
    return { result, samples: evaluation.budget.samples, ...evaluation.notes.texts(query) };
  }

  #evaluation(options: AskOptions, grid: Grid, query: Evaluation['query']): Evaluation {
    const own = this.#options;
    const timeoutMax = own.timeoutMs ?? 120_000;
    return {
      source: own.source,
      query,
      grid,
      notes: new Notes(),
      budget: new Budget({
        samplesMax: own.samplesMax ?? 50_000_000,
        timeoutMs: Math.min(options.timeoutMs ?? timeoutMax, timeoutMax),
        signal: options.signal ?? new AbortController().signal,
      }),
      lookbackMs: options.lookbackMs ?? own.lookbackMs ?? 300_000,
      subqueryStepMs: own.subqueryStepMs ?? 60_000,
      usesStartTimes: own.usesStartTimes ?? false,
      evaluate,
    };
  }
}

function resultOf(value: Value, grid: Grid, isInstant: boolean): QueryResult {
  if (value.type === 'string') return { type: 'string', timeMs: grid.startMs, text: value.text };
  if (value.type === 'scalar') {
    if (isInstant) return { type: 'scalar', timeMs: grid.startMs, value: value.values[0] as number };
    return { type: 'matrix', series: grid.count === 0 ? [] : [ofScalars(value.values, grid)] };
  }
  const columns = withoutDroppedNames(nonEmpty(value.columns));
  const series = columns.map((column) => seriesOf(column, grid));
  if (isInstant) return { type: 'vector', series };
  return { type: 'matrix', series: series.sort((a, b) => compareLabels(a.labels, b.labels)) };
}

function ofScalars(values: Float64Array, grid: Grid): ResultSeries {
  return { labels: Labels.empty, times: Float64Array.from(values, (_, at) => timeAt(grid, at)), values };
}

function seriesOf(column: Column, grid: Grid): ResultSeries {
  const count = column.kinds.reduce((sum, kind) => sum + Number(kind !== kinds.none), 0);
  const times = new Float64Array(count);
  const values = new Float64Array(count);
  const histograms = column.histograms === undefined ? undefined : new Array<NativeHistogram | undefined>(count);
  let next = 0;
  for (let at = 0; at < grid.count; at++) {
    if (!column.has(at)) continue;
    times[next] = timeAt(grid, at);
    const histogram = column.histogram(at);
    if (histogram === undefined) values[next] = column.values[at] as number;
    else {
      values[next] = NaN;
      if (histograms !== undefined) histograms[next] = histogram;
    }
    next++;
  }
  return { labels: column.labels, times, values, ...(histograms !== undefined && { histograms }) };
}
