/**
 * Tests of rules in the format of `promtool test rules`: series as they come, and which alerts fire and what
 * expressions answer at some times.
 */
import { compileChecker } from '@millrace/api';
import { isMillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import { parse as parseYaml } from 'yaml';
import { labelsText } from '../engine/vector-matching.ts';
import { MemorySeries } from '../memory-series.ts';
import { Labels } from '../model/labels.ts';
import { isStale, markStale } from '../model/stale-marker.ts';
import { loadSeries } from '../notation/load-series.ts';
import { notedNumber } from '../notation/noted-number.ts';
import { parseSeriesLine, splitLabels } from '../notation/series-notation.ts';
import { QueryEngine } from '../query-engine.ts';
import { parseDuration } from '../syntax/duration-text.ts';
import type { RuleGroup } from './rule.ts';
import { RuleEvaluator, type RuleSample } from './rule-evaluator.ts';
import { RuleFileError } from './rule-file.ts';

const Texts = Type.Record(Type.String(), Type.String());
const closed = { additionalProperties: false };
const Moment = Type.Union([Type.String(), Type.Number()]);

const RuleTest = Type.Object(
  {
    name: Type.Optional(Type.String()),
    interval: Type.Optional(Type.String()),
    input_series: Type.Array(Type.Object({ series: Type.String(), values: Moment }, closed)),
    alert_rule_test: Type.Optional(
      Type.Array(
        Type.Object(
          {
            eval_time: Moment,
            alertname: Type.String(),
            exp_alerts: Type.Optional(
              Type.Array(
                Type.Object({ exp_labels: Type.Optional(Texts), exp_annotations: Type.Optional(Texts) }, closed),
              ),
            ),
          },
          closed,
        ),
      ),
    ),
    promql_expr_test: Type.Optional(
      Type.Array(
        Type.Object(
          {
            expr: Type.String(),
            eval_time: Moment,
            exp_samples: Type.Optional(Type.Array(Type.Object({ labels: Type.String(), value: Moment }, closed))),
          },
          closed,
        ),
      ),
    ),
  },
  closed,
);
type RuleTest = Static<typeof RuleTest>;

const RuleTestFile = Type.Object(
  {
    rule_files: Type.Array(Type.String()),
    evaluation_interval: Type.Optional(Type.String()),
    tests: Type.Array(RuleTest),
  },
  closed,
);
export type RuleTestFile = Static<typeof RuleTestFile>;

export interface RuleTestVerdict {
  /** The test's name, or its place in the file. */
  readonly test: string;
  /** What was not as expected, each in a sentence. */
  readonly problems: readonly string[];
}

const checker = compileChecker(RuleTestFile);
const intervalDefault = '1m';

/** @throws RuleFileError */
export function parseRuleTests(text: string, file: string): RuleTestFile {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new RuleFileError(file, `it is no YAML: ${messageOf(error)}`, error);
  }
  const [issue] = checker.check(value) ? [] : checker.issues(value);
  if (issue !== undefined) throw new RuleFileError(file, `${issue.field || 'it'} ${issue.message}`);
  return value as RuleTestFile;
}

/** How often groups that say nothing are evaluated in the tests of a file. @throws RuleFileError */
export function evaluationMs({ evaluation_interval: interval = intervalDefault }: RuleTestFile, file: string): number {
  return milliseconds(interval, file);
}

/** Runs all tests of a file over groups of rules, whose files it names. @throws RuleFileError for what can't be read */
export async function runRuleTests(
  { tests }: RuleTestFile,
  groups: readonly RuleGroup[],
  file: string,
): Promise<RuleTestVerdict[]> {
  const verdicts: RuleTestVerdict[] = [];
  for (const [at, test] of tests.entries()) {
    const name = test.name ?? `test ${at + 1}`;
    verdicts.push({ test: name, problems: await new TestRun(test, groups, file).run() });
  }
  return verdicts;
}

class TestRun {
  readonly #test: RuleTest;
  readonly #file: string;
  readonly #store = new MemorySeries();
  readonly #engine = new QueryEngine({ source: this.#store });
  readonly #evaluators: readonly { readonly group: RuleGroup; readonly evaluator: RuleEvaluator }[];
  readonly #problems: string[] = [];

  constructor(test: RuleTest, groups: readonly RuleGroup[], file: string) {
    this.#test = test;
    this.#file = file;
    const write = async (samples: readonly RuleSample[]): Promise<void> => {
      for (const sample of samples) this.#put(sample);
    };
    this.#evaluators = groups.map((group) => {
      return { group, evaluator: new RuleEvaluator({ group, engine: this.#engine, write }) };
    });
  }

  async run(): Promise<readonly string[]> {
    const { alert_rule_test: alertTests = [], promql_expr_test: queryTests = [] } = this.#test;
    this.#load();
    const checks = [
      ...alertTests.map((each) => ({ at: this.#time(each.eval_time), run: () => this.#checkAlerts(each) })),
      ...queryTests.map((each) => ({ at: this.#time(each.eval_time), run: () => this.#checkQuery(each) })),
    ].sort((a, b) => a.at - b.at);
    let evaluated = -1;
    for (const { at, run } of checks) {
      await this.#evaluateFrom(evaluated + 1, at);
      evaluated = at;
      await run();
    }
    return this.#problems;
  }

  #load(): void {
    const { interval = intervalDefault, input_series: series } = this.#test;
    const noted = series.map(({ series: labels, values }) => {
      try {
        return parseSeriesLine(`${labels} ${values}`);
      } catch (error) {
        throw new RuleFileError(this.#file, `series ${labels}: ${messageOf(error)}`, error);
      }
    });
    const stepMs = milliseconds(interval, this.#file);
    loadSeries(this.#store, { stepMs, series: noted, startOffsets: new Map(), withNative: false });
  }

  /** Each group at the multiples of its interval, in the order of time. */
  async #evaluateFrom(fromMs: number, toMs: number): Promise<void> {
    const due = this.#evaluators.flatMap(({ group: { intervalMs }, evaluator }) => {
      const times: { readonly at: number; readonly evaluator: RuleEvaluator }[] = [];
      for (let at = Math.ceil(fromMs / intervalMs) * intervalMs; at <= toMs; at += intervalMs) {
        times.push({ at, evaluator });
      }
      return times;
    });
    due.sort((a, b) => a.at - b.at);
    for (const { at, evaluator } of due) {
      await evaluator.evaluate(at);
      for (const { health, name, lastError } of evaluator.report.rules) {
        if (health === 'err') this.#problem(at, `rule ${name} failed: ${lastError}`);
      }
    }
  }

  #checkAlerts({ eval_time: time, alertname, exp_alerts: expected = [] }: NonNullable<RuleTest['alert_rule_test']>[0]) {
    const firing = this.#evaluators.flatMap(({ evaluator }) =>
      evaluator.report.rules.flatMap(({ name, alerts = [] }) =>
        name === alertname ? alerts.filter(({ state }) => state === 'firing') : [],
      ),
    );
    const found = firing.map(({ labels: { alertname: _, ...labels }, annotations }) => alertText(labels, annotations));
    const wanted = expected.map(({ exp_labels: labels = {}, exp_annotations: annotations = {} }) => {
      return alertText(labels, annotations);
    });
    const at = this.#time(time);
    for (const text of missing(wanted, found)) this.#problem(at, `alert ${alertname} does not fire with ${text}`);
    for (const text of missing(found, wanted)) this.#problem(at, `alert ${alertname} fires with ${text}`);
  }

  async #checkQuery({
    expr,
    eval_time: time,
    exp_samples: expected = [],
  }: NonNullable<RuleTest['promql_expr_test']>[0]): Promise<void> {
    const at = this.#time(time);
    let found: string[];
    try {
      const { result } = await this.#engine.instant(expr, at);
      if (result.type === 'scalar') found = [`{} ${result.value}`];
      else if (result.type === 'string') found = [result.text];
      else found = result.series.map(({ labels, values }) => `${labelsText(labels)} ${rounded(values.at(-1))}`);
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      return this.#problem(at, `${expr} failed: ${error.message}`);
    }
    const wanted = expected.map(({ labels, value }) => {
      try {
        return `${labelsText(splitLabels(labels.trim()).labels)} ${rounded(notedNumber(String(value)))}`;
      } catch (error) {
        throw new RuleFileError(this.#file, `exp_samples of ${expr}: ${messageOf(error)}`, error);
      }
    });
    for (const text of missing(wanted, found)) this.#problem(at, `${expr} has no ${text}`);
    for (const text of missing(found, wanted)) this.#problem(at, `${expr} has ${text}`);
  }

  #put({ labels, timeMs, value }: RuleSample): void {
    const known = this.#store.get(labels);
    const before = known?.times.length ?? 0;
    const times = Float64Array.of(...(known?.times ?? []), timeMs);
    const values = new Float64Array(before + 1);
    for (let at = 0; at < before; at++) {
      if (known !== undefined && isStale(known.values, at)) markStale(values, at);
      else values[at] = known?.values[at] as number;
    }
    const isHistogram = typeof value === 'object';
    if (value === 'stale') markStale(values, before);
    else values[before] = isHistogram ? Number.NaN : value;
    const histograms = [...(known?.histograms ?? new Array<undefined>(before).fill(undefined)), undefined];
    const all = isHistogram ? histograms.with(before, value as never) : histograms;
    const hasHistograms = isHistogram || known?.histograms !== undefined;
    this.#store.set({ labels, times, values, ...(hasHistograms && { histograms: all }) });
  }

  #problem(atMs: number, what: string): void {
    this.#problems.push(`at ${atMs / 1_000} s: ${what}`);
  }

  #time(text: string | number): number {
    return typeof text === 'number' ? text * 1_000 : milliseconds(text, this.#file);
  }
}

function alertText(labels: Readonly<Record<string, string>>, annotations: Readonly<Record<string, string>>): string {
  const sorted = Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `labels ${labelsText(Labels.from(labels))} and annotations ${JSON.stringify(sorted)}`;
}

/** What of the wanted is not found, as often as it is not. */
function missing(wanted: readonly string[], found: readonly string[]): string[] {
  const left = [...found];
  return wanted.filter((text) => {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** To nine digits, so that sums in another order are the same. */
function rounded(value = Number.NaN): number {
  return Number(value.toPrecision(9));
}

function milliseconds(text: string, file: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new RuleFileError(file, `'${text}' is no duration, such as 5m`);
  return Math.round(seconds * 1_000);
}
