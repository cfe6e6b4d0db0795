/** Alerts of one rule from evaluation to evaluation: when each began to hold, fires, holds no more, and is over. */
import { Labels } from '../model/labels.ts';
import { queryFailed } from '../query-error.ts';
import type { AlertingRule } from './rule.ts';
import { expandTemplate } from './template.ts';

export interface Alert {
  /** With `alertname` and the rule's own. */
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly value: number;
  /** Since when it holds. */
  readonly activeAtMs: number;
  readonly firedAtMs?: number | undefined;
  readonly resolvedAtMs?: number | undefined;
  /** Since when it holds no more, but goes on firing. */
  readonly keepFiringSinceMs?: number | undefined;
}

/** A series that the rule's expression answers with. */
export interface Finding {
  readonly labels: Labels;
  readonly value: number;
}

/** How long it is told that an alert is over. */
const resolvedMs = 15 * 60_000;

export class AlertStates {
  readonly #rule: AlertingRule;
  #alerts = new Map<string, Alert>();
  readonly #before = new Map<string, number>();

  constructor(rule: AlertingRule) {
    this.#rule = rule;
  }

  /** Those that are pending, fire, or ended within the last 15 minutes. */
  get all(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  /** Takes on since when an alert held before this process did; it counts for what holds at the first update. */
  restore(labels: Labels, activeAtMs: number): void {
    this.#before.set(labels.key, activeAtMs);
  }

  /**
   * Takes on an alert as it stood before this process did, where it is of this rule. One that was pending goes on by
   * `restore` alone: whether it held all the time is known from its series.
   */
  takeOn(alert: Alert): boolean {
    const { alert: name, labels } = this.#rule;
    const isOwn =
      alert.labels.get('alertname') === name &&
      Object.entries(labels).every(([label, text]) => text.includes('{{') || alert.labels.get(label) === text);
    if (isOwn && alert.state !== 'pending') this.#alerts.set(alert.labels.key, alert);
    return isOwn;
  }

  /** What holds at a time; two findings that become one alert are an error of the rule. */
  update(findings: readonly Finding[], timeMs: number): void {
    const next = new Map<string, Alert>();
    for (const finding of findings) {
      const alert = this.#held(finding, timeMs);
      if (next.has(alert.labels.key))
        throw queryFailed(`two series of the rule ${this.#rule.alert} become alerts with the same labels`);
      next.set(alert.labels.key, alert);
    }
    for (const [key, alert] of this.#alerts) {
      if (next.has(key)) continue;
      const ended = this.#ended(alert, timeMs);
      if (ended !== undefined) next.set(key, ended);
    }
    this.#alerts = next;
    this.#before.clear();
  }

  #held({ labels: of, value }: Finding, timeMs: number): Alert {
    const { alert, annotations, forMs } = this.#rule;
    const values = { labels: of.toJSON(), value };
    const own = Object.entries(this.#rule.labels).map(([name, text]) => [name, expandTemplate(text, values)] as const);
    const labels = Labels.from([...of.withoutMetric, ...own, ['alertname', alert]]);
    const known = this.#alerts.get(labels.key);
    const isNew = known === undefined || known.state === 'resolved';
    const activeAtMs = isNew ? (this.#before.get(labels.key) ?? timeMs) : known.activeAtMs;
    const isFiring = (!isNew && known.state === 'firing') || timeMs - activeAtMs >= forMs;
    return {
      labels,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([name, text]) => [name, expandTemplate(text, values)]),
      ),
      value,
      activeAtMs,
      state: isFiring ? 'firing' : 'pending',
      firedAtMs: isFiring ? ((isNew ? undefined : known.firedAtMs) ?? timeMs) : undefined,
    };
  }

  /** What becomes of an alert that holds no more. */
  #ended(alert: Alert, timeMs: number): Alert | undefined {
    if (alert.state === 'pending') return undefined;
    if (alert.state === 'resolved') return timeMs - (alert.resolvedAtMs ?? 0) > resolvedMs ? undefined : alert;
    const keepFiringSinceMs = alert.keepFiringSinceMs ?? timeMs;
    if (timeMs - keepFiringSinceMs < this.#rule.keepFiringForMs) return { ...alert, keepFiringSinceMs };
    return { ...alert, state: 'resolved', resolvedAtMs: timeMs, keepFiringSinceMs: undefined };
  }
}
