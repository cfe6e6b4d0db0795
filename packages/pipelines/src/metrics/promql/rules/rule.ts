/** Rules: expressions that are evaluated again and again, to be stored under a name or to raise alerts. */

interface RuleBase {
  readonly expression: string;
  /** Labels that the result gets besides its own; of alerts they may be templates. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface RecordingRule extends RuleBase {
  readonly kind: 'recording';
  /** The name of the metric that it makes. */
  readonly record: string;
}

export interface AlertingRule extends RuleBase {
  readonly kind: 'alerting';
  readonly alert: string;
  /** How long it must hold before the alert fires. */
  readonly forMs: number;
  /** How long the alert goes on firing once it holds no more. */
  readonly keepFiringForMs: number;
  /** Templates. */
  readonly annotations: Readonly<Record<string, string>>;
}

export type Rule = RecordingRule | AlertingRule;

/** Rules that are evaluated one after the other, at the same time. */
export interface RuleGroup {
  readonly name: string;
  /** Where it is written. */
  readonly file: string;
  readonly intervalMs: number;
  /** Series that one rule may make, or alerts that it may raise; 0 for as many as there are. */
  readonly limit: number;
  readonly rules: readonly Rule[];
}
