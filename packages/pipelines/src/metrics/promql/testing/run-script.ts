/** Runs a test script against an engine over series in memory, and says of each `eval` what was not as expected. */
import { isMillraceError } from '@millrace/base';
import { MemorySeries } from '../memory-series.ts';
import { loadSeries } from '../notation/load-series.ts';
import { type Answer, QueryEngine } from '../query-engine.ts';
import { differenceOf } from './compare-result.ts';
import { type EvalCommand, type Expectation, parseScript } from './script.ts';

export interface Verdict {
  readonly line: number;
  readonly query: string;
  /** What was not as expected. */
  readonly problem?: string | undefined;
}

export async function runScript(text: string): Promise<Verdict[]> {
  const store = new MemorySeries();
  const engine = new QueryEngine({ source: store, usesStartTimes: true });
  const verdicts: Verdict[] = [];
  for (const command of parseScript(text)) {
    if (command.kind === 'clear') store.clear();
    else if (command.kind === 'load') loadSeries(store, command);
    else verdicts.push({ line: command.line, query: command.query, problem: await judge(engine, command) });
  }
  return verdicts;
}

async function judge(engine: QueryEngine, command: EvalCommand): Promise<string | undefined> {
  const fails = command.expectations.find(({ kind }) => kind === 'fail');
  let answer: Answer;
  try {
    answer = await ask(engine, command);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    if (fails === undefined) return `it failed: ${error.message}`;
    return fails.matches(error.message) ? undefined : `it failed otherwise: ${error.message}`;
  }
  if (fails !== undefined) return 'it did not fail';
  return noteProblem(answer, command.expectations) ?? differenceOf(answer.result, command) ?? inRange(engine, command);
}

function ask(engine: QueryEngine, { isInstant, query, startMs, endMs, stepMs }: EvalCommand): Promise<Answer> {
  return isInstant ? engine.instant(query, startMs) : engine.range(query, startMs, endMs, stepMs);
}

/** What an instant is told, a range around it tells in its middle. */
async function inRange(engine: QueryEngine, command: EvalCommand): Promise<string | undefined> {
  const { isInstant, startMs, query, result, range, expectations } = command;
  const isOrdered = expectations.some(({ kind }) => kind === 'ordered');
  if (!isInstant || range !== undefined || isOrdered || typeof result === 'object') return undefined;
  // Some look at the query's own start and end.
  if (/\b(?:range|step|start|end)\s*\(/.test(query)) return undefined;
  const answer = await engine.range(query, startMs - 60_000, startMs + 60_000, 60_000);
  const middle = answer.result.type !== 'matrix' ? [] : answer.result.series;
  const series = middle.flatMap(({ labels, times, values, histograms }) => {
    const at = times.indexOf(startMs);
    if (at < 0) return [];
    return [
      {
        labels,
        times: times.subarray(at, at + 1),
        values: values.subarray(at, at + 1),
        ...(histograms !== undefined && { histograms: [histograms[at]] }),
      },
    ];
  });
  const difference = differenceOf({ type: 'vector', series }, command);
  return difference && `in a range: ${difference}`;
}

function noteProblem({ warnings, infos }: Answer, expectations: readonly Expectation[]): string | undefined {
  for (const [kind, found] of [
    ['warn', warnings],
    ['info', infos],
  ] as const) {
    const wanted = expectations.filter((each) => each.kind === kind);
    const missed = wanted.some((each) => !found.some((text) => each.matches(text)));
    if (missed) return `another ${kind} was expected than ${JSON.stringify(found)}`;
    const surplus = found.find((text) => wanted.length > 0 && !wanted.some((each) => each.matches(text)));
    if (surplus !== undefined) return `a ${kind} that was not expected: ${surplus}`;
    const isUnwanted = expectations.some((each) => each.kind === `no_${kind}`);
    if (isUnwanted && found.length > 0) return `a ${kind} where none was expected: ${found[0]}`;
  }
  return undefined;
}
