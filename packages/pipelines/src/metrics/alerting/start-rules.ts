/**
 * Evaluates rules as time goes on: each group at whole multiples of its interval, moved by a part of it that follows
 * from its name, so that groups do not all come at once. What rules find goes the way of all points; how alerts stand
 * is in the topic `metrics.alerts`, from where another process, or this one after a restart, goes on: what fired still
 * fires, since when it did. What was pending goes on from its series, where those are of the last hour.
 *
 * A group whose evaluation takes longer than its interval leaves evaluations out. While the cluster is away nothing is
 * written, and rules say so in their `lastError`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { assert, isMillraceError, MillraceError, messageOf } from '@millrace/base';
import type { Client } from '@millrace/client';
import type { MetricsCollector } from '../collect/collector.ts';
import type { QueryEngine } from '../promql/query-engine.ts';
import type { Alert } from '../promql/rules/alert-states.ts';
import type { AlertingRule, RuleGroup } from '../promql/rules/rule.ts';
import { RuleEvaluator, type RuleSample } from '../promql/rules/rule-evaluator.ts';
import type { RuleReport } from '../promql/rules/rule-report.ts';
import { AlertLog } from './alert-log.ts';
import { type AlertRecord, alertKey, alertOf } from './alert-topic.ts';
import { rulePoint } from './rule-points.ts';

export interface RulesOptions {
  readonly client: Client;
  readonly groups: readonly RuleGroup[];
  readonly engine: QueryEngine;
  readonly collector: MetricsCollector;
  /** Evaluation begins when this resolves: before that, series are not complete, and alerts would end for nothing. */
  readonly complete: Promise<void>;
  /** Resolves once queries see what was written, or soon after at the latest. */
  readonly settled?: (() => Promise<void>) | undefined;
  /** Told each time that an alert fires, or is over. */
  readonly onAlert?: ((alert: AlertRecord) => void) | undefined;
  /** Told what fails and is tried again. */
  readonly warn?: ((sentence: string) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** What rules found could not be stored. */
class RuleWriteError extends MillraceError {
  readonly code = 'rule_not_stored';
}

const tenant = 'millrace.rules';
const retryMs = 1_000;

export class Rules {
  readonly #options: RulesOptions;
  readonly #log: AlertLog;
  readonly #evaluators: readonly RuleEvaluator[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #now: () => number;
  /** Keys of the alerts of each rule, as they were told last. */
  readonly #known = new Map<AlertingRule, Set<string>>();

  /** Group names are unique. */
  constructor(options: RulesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#log = new AlertLog(options.client);
    this.#evaluators = options.groups.map((group) => {
      const { engine } = options;
      const write = (samples: readonly RuleSample[]): Promise<void> => this.#write(samples);
      const onAlerts = (alerts: readonly Alert[], rule: AlertingRule): Promise<void> => this.#tell(group, rule, alerts);
      return new RuleEvaluator({ group, engine, write, onAlerts });
    });
    this.#running = this.#run();
  }

  get report(): readonly RuleReport[] {
    return this.#evaluators.map(({ report }) => report);
  }

  /** Those that fire, as the topic has them. */
  get firing(): readonly AlertRecord[] {
    return [...this.#log.records.values()].filter(({ state }) => state === 'firing');
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#log.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([this.#options.complete, aborted]);
    await this.#begin(signal);
    await Promise.all(this.#options.groups.map((group, at) => this.#follow(group, this.#evaluators[at], signal)));
  }

  /** Takes on how alerts stand; again and again while the cluster is away. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { warn } = this.#options;
    let told = '';
    while (!signal.aborted) {
      try {
        await this.#log.read(signal);
        for (const evaluator of this.#evaluators) await evaluator.restore(this.#now(), signal);
        await this.#takeOn();
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!isMillraceError(error)) throw error;
        if (error.message !== told) warn?.(`rules of metrics are not evaluated for now: ${error.message}`);
        told = error.message;
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** How alerts stood before; those whose rules are gone end. */
  async #takeOn(): Promise<void> {
    const evaluators = new Map(this.#options.groups.map(({ name }, at) => [name, this.#evaluators[at]]));
    for (const [key, record] of [...this.#log.records]) {
      const { group } = record;
      const rule = evaluators.get(group)?.takeOn(alertOf(record));
      if (rule !== undefined) {
        this.#keysOf(rule).add(key);
        continue;
      }
      await this.#log.update(group, [], [key]);
      if (record.state !== 'firing') continue;
      this.#options.onAlert?.({ ...record, state: 'resolved', resolvedAtMs: this.#now() });
    }
  }

  async #follow(group: RuleGroup, evaluator: RuleEvaluator | undefined, signal: AbortSignal): Promise<void> {
    assert(evaluator !== undefined, 'each group has an evaluator');
    let last = this.#now();
    while (!signal.aborted) {
      const due = dueAfter(group, Math.max(last, this.#now() - group.intervalMs));
      const wait = due - this.#now();
      if (wait > 0) await pause(wait, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      last = due;
      try {
        await evaluator.evaluate(due, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.warn?.(`rules of group ${group.name} were not evaluated: ${messageOf(error)}`);
      }
    }
  }

  async #write(samples: readonly RuleSample[]): Promise<void> {
    const { collector, settled } = this.#options;
    const rejected = await collector.send(samples.map(rulePoint), [], tenant);
    if (rejected !== undefined) throw new RuleWriteError(rejected.message);
    await settled?.();
  }

  async #tell({ name }: RuleGroup, rule: AlertingRule, alerts: readonly Alert[]): Promise<void> {
    const found = new Set(alerts.map(({ labels }) => alertKey(name, labels)));
    const forgotten = [...this.#keysOf(rule)].filter((key) => !found.has(key));
    for (const alert of await this.#log.update(name, alerts, forgotten)) this.#options.onAlert?.(alert);
    this.#known.set(rule, found);
  }

  #keysOf(rule: AlertingRule): Set<string> {
    let keys = this.#known.get(rule);
    if (keys === undefined) {
      keys = new Set();
      this.#known.set(rule, keys);
    }
    return keys;
  }
}

/** The first moment after a time at which a group is evaluated. */
function dueAfter({ name, intervalMs }: RuleGroup, timeMs: number): number {
  let hash = 0;
  for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) as number)) >>> 0;
  const offset = hash % intervalMs;
  return Math.floor((timeMs - offset) / intervalMs + 1) * intervalMs + offset;
}
