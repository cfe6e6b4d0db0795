/** Calls of functions. */
import { absentLabels } from '../functions/absent.ts';
import {
  evaluateFraction,
  evaluateQuantile,
  evaluateQuantiles,
  histogramFigures,
} from '../functions/histogram-functions.ts';
import { evaluateInfo } from '../functions/info-labels.ts';
import { evaluateLabelJoin, evaluateLabelReplace } from '../functions/label-functions.ts';
import { dateFunctions, numberFunctions } from '../functions/number-functions.ts';
import { evaluateSort } from '../functions/sort-functions.ts';
import { Labels } from '../model/labels.ts';
import { queryFailed } from '../query-error.ts';
import { bare, type Call, type Expression } from '../syntax/expression.ts';
import { Column, kinds, nonEmpty } from './column.ts';
import { type Evaluation, evaluateScalar, evaluateVector, type Value } from './evaluation.ts';
import { timeAt } from './grid.ts';
import { evaluateStartTimestamps, evaluateTimestamps } from './instant-selector.ts';
import { evaluateRangeFunction, rangeArgument } from './range-function.ts';

type VectorFunction = (call: Call, evaluation: Evaluation) => Promise<Column[]>;

const vectorFunctions: Readonly<Record<string, VectorFunction>> = {
  absent: evaluateAbsent,
  histogram_fraction: evaluateFraction,
  histogram_quantile: evaluateQuantile,
  histogram_quantiles: evaluateQuantiles,
  info: evaluateInfo,
  label_join: evaluateLabelJoin,
  label_replace: evaluateLabelReplace,
  sort: evaluateSort,
  sort_by_label: evaluateSort,
  sort_by_label_desc: evaluateSort,
  sort_desc: evaluateSort,
  start_timestamp: (call, evaluation) => evaluateTimes(call, evaluation),
  timestamp: (call, evaluation) => evaluateTimes(call, evaluation),
  vector: evaluateAsVector,
};

export async function evaluateCall(call: Call, evaluation: Evaluation): Promise<Value> {
  const { name, args } = call;
  const range = rangeArgument(call);
  if (range !== undefined) return vector(await evaluateRangeFunction(call, range, evaluation));
  const ofVector = vectorFunctions[name];
  if (ofVector !== undefined) return vector(await ofVector(call, evaluation));
  if (name in numberFunctions) return vector(await evaluateNumbers(call, evaluation));
  if (name in dateFunctions) return vector(await evaluateDates(call, evaluation));
  const figure = histogramFigures[name];
  if (figure !== undefined) return vector(await evaluateFigures(args[0] as Expression, figure, evaluation));
  return { type: 'scalar', values: await evaluateScalarFunction(call, evaluation) };
}

const vector = (columns: Column[]): Value => ({ type: 'vector', columns });

async function evaluateScalarFunction({ name, args }: Call, evaluation: Evaluation): Promise<Float64Array> {
  const { grid, query } = evaluation;
  const constant = (value: number): Float64Array => new Float64Array(grid.count).fill(value);
  switch (name) {
    case 'pi':
      return constant(Math.PI);
    case 'start':
      return constant(query.startMs / 1000);
    case 'end':
      return constant(query.endMs / 1000);
    case 'range':
      return constant((query.endMs - query.startMs) / 1000);
    case 'step':
      return constant(query.startMs === query.endMs ? 0 : query.stepMs / 1000);
    case 'time':
      return constant(0).map((_, at) => timeAt(grid, at) / 1000);
    case 'scalar':
      return scalarOf(await evaluateVector(args[0] as Expression, evaluation), grid.count);
    case 'max_of':
    case 'min_of': {
      const [left, right] = [
        await evaluateScalar(args[0] as Expression, evaluation),
        await evaluateScalar(args[1] as Expression, evaluation),
      ];
      const choose = name === 'max_of' ? Math.max : Math.min;
      return left.map((value, at) => choose(value, right[at] as number));
    }
    default:
      throw queryFailed(`the function ${name} can't be evaluated`);
  }
}

/** The only number at a time; NaN where there is none or more than one. */
function scalarOf(columns: readonly Column[], count: number): Float64Array {
  const values = new Float64Array(count).fill(NaN);
  for (let at = 0; at < count; at++) {
    let found = 0;
    for (const column of columns) {
      if (column.kinds[at] !== kinds.number) continue;
      found++;
      values[at] = column.values[at] as number;
    }
    if (found > 1) values[at] = NaN;
  }
  return values;
}

async function evaluateNumbers({ name, args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const apply = numberFunctions[name] as (typeof numberFunctions)[string];
  const columns = await evaluateVector(args[0] as Expression, evaluation);
  const params: Float64Array[] = [];
  for (const arg of args.slice(1)) params.push(await evaluateScalar(arg, evaluation));
  const isClamp = name === 'clamp';
  const now: number[] = [];
  for (const column of columns) {
    if (evaluation.budget.isDue) await evaluation.budget.yield();
    column.dropsName = true;
    for (let at = 0; at < column.kinds.length; at++) {
      if (column.kinds[at] === kinds.none) continue;
      for (let index = 0; index < params.length; index++) now[index] = params[index]?.[at] as number;
      // Between bounds that are the wrong way round lies nothing.
      const isVoid = isClamp && (now[1] as number) < (now[0] as number);
      if (column.kinds[at] === kinds.histogram || isVoid) column.clear(at);
      else column.values[at] = apply(column.values[at] as number, now);
    }
  }
  return nonEmpty(columns);
}

async function evaluateDates({ name, args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const part = dateFunctions[name] as (seconds: number) => number;
  const { grid } = evaluation;
  const [arg] = args;
  if (arg === undefined) {
    const column = new Column(Labels.empty, grid.count);
    for (let at = 0; at < grid.count; at++) column.setNumber(at, part(Math.trunc(timeAt(grid, at) / 1000)));
    return [column];
  }
  const columns = await evaluateVector(arg, evaluation);
  for (const column of columns) {
    column.dropsName = true;
    for (let at = 0; at < column.kinds.length; at++) {
      if (column.kinds[at] === kinds.number) column.values[at] = part(column.values[at] as number);
      else column.clear(at);
    }
  }
  return nonEmpty(columns);
}

async function evaluateFigures(
  arg: Expression,
  figure: (typeof histogramFigures)[string],
  evaluation: Evaluation,
): Promise<Column[]> {
  const columns: Column[] = [];
  for (const column of await evaluateVector(arg, evaluation)) {
    if (column.histograms === undefined) continue;
    const figures = new Column(column.labels, column.kinds.length, true);
    for (let at = 0; at < column.kinds.length; at++) {
      const histogram = column.histogram(at);
      if (histogram !== undefined) figures.setNumber(at, figure(histogram));
    }
    if (!figures.isEmpty) columns.push(figures);
  }
  return columns;
}

/** Of a selector the times of its samples; of anything else those of the grid. */
async function evaluateTimes({ name, args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const inner = bare(args[0] as Expression);
  const isStart = name === 'start_timestamp';
  if (inner.kind === 'selector' && inner.mode === undefined) {
    if (isStart && !evaluation.usesStartTimes) return [];
    const columns = await (isStart ? evaluateStartTimestamps : evaluateTimestamps)(inner, evaluation);
    for (const column of columns) column.dropsName = true;
    return columns;
  }
  if (isStart) return [];
  const columns = await evaluateVector(inner, evaluation);
  for (const column of columns) {
    column.dropsName = true;
    for (let at = 0; at < column.kinds.length; at++) {
      if (column.has(at)) column.setNumber(at, timeAt(evaluation.grid, at) / 1000);
    }
  }
  return columns;
}

async function evaluateAbsent({ args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const columns = await evaluateVector(args[0] as Expression, evaluation);
  const inner = bare(args[0] as Expression);
  const absent = new Column(absentLabels(inner.kind === 'selector' ? inner : undefined), evaluation.grid.count);
  for (let at = 0; at < evaluation.grid.count; at++) {
    if (!columns.some((column) => column.has(at))) absent.setNumber(at, 1);
  }
  return nonEmpty([absent]);
}

async function evaluateAsVector({ args }: Call, evaluation: Evaluation): Promise<Column[]> {
  const values = await evaluateScalar(args[0] as Expression, evaluation);
  const column = new Column(Labels.empty, evaluation.grid.count);
  column.values.set(values);
  column.kinds.fill(kinds.number);
  return nonEmpty([column]);
}
