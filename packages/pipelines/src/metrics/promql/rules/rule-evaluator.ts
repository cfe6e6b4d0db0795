/**
 * Evaluates a group of rules at a time: what recording rules find is written as series of their own, and so are alerts
 * (`ALERTS`, `ALERTS_FOR_STATE`). A series that a rule no longer finds ends with a stale marker. A rule that fails is
 * reported, and the others go on.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import { Labels, metricNameLabel } from '../model/labels.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { answerNumber } from '../model/number-text.ts';
import type { QueryEngine, ResultSeries } from '../query-engine.ts';
import { queryFailed } from '../query-error.ts';
import { type Alert, AlertStates } from './alert-states.ts';
import type { AlertingRule, Rule, RuleGroup } from './rule.ts';
import type { AlertingRuleReport, RecordingRuleReport, RuleReport } from './rule-report.ts';

export interface RuleSample {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number | NativeHistogram | 'stale';
}

export interface RuleEvaluatorOptions {
  readonly group: RuleGroup;
  readonly engine: QueryEngine;
  /** Stores samples; what it throws is reported of the rule. */
  write(samples: readonly RuleSample[]): Promise<void>;
  /** Told of the alerts of each rule at each evaluation; what it rejects with is reported of the rule. */
  readonly onAlerts?: ((alerts: readonly Alert[], rule: AlertingRule) => void | Promise<void>) | undefined;
}

interface RuleState {
  readonly rule: Rule;
  readonly alerts: AlertStates | undefined;
  /** Series that the rule wrote last. */
  written: ReadonlyMap<string, Labels>;
  health: 'ok' | 'err' | 'unknown';
  lastError: string | undefined;
  evaluationSeconds: number;
  lastEvaluationMs: number;
}

export class RuleEvaluator {
  readonly #options: RuleEvaluatorOptions;
  readonly #states: readonly RuleState[];
  #evaluationSeconds = 0;
  #lastEvaluationMs = 0;

  constructor(options: RuleEvaluatorOptions) {
    this.#options = options;
    this.#states = options.group.rules.map((rule) => ({
      rule,
      alerts: rule.kind === 'alerting' ? new AlertStates(rule) : undefined,
      written: new Map(),
      health: 'unknown',
      lastError: undefined,
      evaluationSeconds: 0,
      lastEvaluationMs: 0,
    }));
  }

  /** One rule after the other, so that later ones see what earlier ones wrote where the store shows it at once. */
  async evaluate(timeMs: number, signal?: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    for (const state of this.#states) {
      const ruleStartedMs = performance.now();
      try {
        await this.#evaluateRule(state, timeMs, signal);
        state.health = 'ok';
        state.lastError = undefined;
      } catch (error) {
        if (signal?.aborted || !isMillraceError(error)) throw error;
        state.health = 'err';
        state.lastError = messageOf(error);
      }
      state.lastEvaluationMs = timeMs;
      state.evaluationSeconds = (performance.now() - ruleStartedMs) / 1000;
    }
    this.#lastEvaluationMs = timeMs;
    this.#evaluationSeconds = (performance.now() - startedMs) / 1000;
  }

  /** Takes on from stored series since when alerts hold; to be called before the first evaluation of a process. */
  async restore(timeMs: number, signal?: AbortSignal): Promise<void> {
    for (const { rule, alerts } of this.#states) {
      if (rule.kind !== 'alerting' || rule.forMs === 0 || alerts === undefined) continue;
      const query = `last_over_time(ALERTS_FOR_STATE{alertname=${JSON.stringify(rule.alert)}}[1h])`;
      const { result } = await this.#options.engine.instant(query, timeMs, { signal });
      for (const { labels, values } of 'series' in result ? result.series : []) {
        alerts.restore(labels.withoutMetric, Math.round((values[0] as number) * 1000));
      }
    }
  }

  /**
   * Takes on an alert as it stood before this process, to be called before the first evaluation. Answers the rule whose
   * alert it is; undefined where there is none.
   */
  takeOn(alert: Alert): AlertingRule | undefined {
    for (const { rule, alerts } of this.#states) {
      if (rule.kind !== 'alerting' || alerts?.takeOn(alert) !== true) continue;
      return rule;
    }
    return undefined;
  }

  get report(): RuleReport {
    const { name, file, intervalMs } = this.#options.group;
    return {
      name,
      file,
      interval: intervalMs / 1000,
      rules: this.#states.map(reportOf),
      evaluationTime: this.#evaluationSeconds,
      lastEvaluation: dateText(this.#lastEvaluationMs),
    };
  }

  async #evaluateRule(state: RuleState, timeMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { rule, alerts } = state;
    const { engine, group, onAlerts } = this.#options;
    const { result } = await engine.instant(rule.expression, timeMs, { signal });
    const found = foundBy(result);
    if (group.limit > 0 && found.length > group.limit) {
      throw queryFailed(`the rule finds ${found.length} series, more than its limit of ${group.limit}`);
    }
    let samples: RuleSample[];
    if (alerts === undefined) samples = found.map((series) => recorded(series, rule, timeMs));
    else {
      alerts.update(
        found.map(({ labels, values }) => ({ labels, value: values[0] as number })),
        timeMs,
      );
      if (rule.kind === 'alerting') await onAlerts?.(alerts.all, rule);
      samples = alerts.all.flatMap((alert) => alertSamples(alert, timeMs));
    }
    await this.#write(state, samples, timeMs);
  }

  async #write(state: RuleState, samples: readonly RuleSample[], timeMs: number): Promise<void> {
    const written = new Map(samples.map(({ labels }) => [labels.key, labels]));
    if (written.size < samples.length) throw queryFailed('the rule finds several series with the same labels');
    const ended = [...state.written].filter(([key]) => !written.has(key));
    const markers = ended.map(([, labels]): RuleSample => ({ labels, timeMs, value: 'stale' }));
    if (samples.length + markers.length > 0) await this.#options.write([...samples, ...markers]);
    state.written = written;
  }
}

function foundBy(result: Awaited<ReturnType<QueryEngine['instant']>>['result']): readonly ResultSeries[] {
  if (result.type === 'vector') return result.series;
  if (result.type !== 'scalar') throw queryFailed('a rule needs an instant vector or a scalar');
  return [{ labels: Labels.empty, times: Float64Array.of(result.timeMs), values: Float64Array.of(result.value) }];
}

function recorded({ labels, values, histograms }: ResultSeries, rule: Rule, timeMs: number): RuleSample {
  const name = rule.kind === 'recording' ? rule.record : '';
  const all = Labels.from([...labels, ...Object.entries(rule.labels), [metricNameLabel, name]]);
  return { labels: all, timeMs, value: histograms?.[0] ?? (values[0] as number) };
}

function alertSamples({ labels, state, activeAtMs }: Alert, timeMs: number): RuleSample[] {
  if (state === 'resolved') return [];
  const named = labels.with(metricNameLabel, 'ALERTS').with('alertstate', state);
  const since = labels.with(metricNameLabel, 'ALERTS_FOR_STATE');
  return [
    { labels: named, timeMs, value: 1 },
    { labels: since, timeMs, value: activeAtMs / 1000 },
  ];
}

function reportOf(state: RuleState): AlertingRuleReport | RecordingRuleReport {
  const { rule, alerts, health, lastError, evaluationSeconds, lastEvaluationMs } = state;
  const common = {
    query: rule.expression,
    labels: rule.labels,
    health,
    lastError,
    evaluationTime: evaluationSeconds,
    lastEvaluation: dateText(lastEvaluationMs),
  };
  if (rule.kind === 'recording') return { type: 'recording', name: rule.record, ...common };
  const active = (alerts?.all ?? []).filter((alert) => alert.state !== 'resolved');
  return {
    type: 'alerting',
    name: rule.alert,
    ...common,
    state: active.some(({ state: each }) => each === 'firing') ? 'firing' : active.length > 0 ? 'pending' : 'inactive',
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    annotations: rule.annotations,
    alerts: active.map((alert) => ({
      labels: alert.labels.toJSON(),
      annotations: alert.annotations,
      state: alert.state === 'firing' ? 'firing' : 'pending',
      activeAt: dateText(alert.activeAtMs),
      value: answerNumber(alert.value),
      ...(alert.keepFiringSinceMs !== undefined && { keepFiringSince: dateText(alert.keepFiringSinceMs) }),
    })),
  };
}

function dateText(timeMs: number): string {
  return timeMs === 0 ? '0001-01-01T00:00:00Z' : new Date(timeMs).toISOString();
}
