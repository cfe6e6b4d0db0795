/** Groups of rules and what became of them, in the shape of Prometheus's API. */

export interface AlertReport {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  /** RFC 3339. */
  readonly activeAt: string;
  readonly value: string;
  /** Since when it fires only because it was told to keep on. */
  readonly keepFiringSince?: string | undefined;
}

interface EvaluatedRule {
  readonly name: string;
  readonly query: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string | undefined;
  /** Seconds. */
  readonly evaluationTime: number;
  /** RFC 3339. */
  readonly lastEvaluation: string;
}

export interface AlertingRuleReport extends EvaluatedRule {
  readonly type: 'alerting';
  readonly state: 'inactive' | 'pending' | 'firing';
  /** Seconds, as `keepFiringFor` is. */
  readonly duration: number;
  readonly keepFiringFor: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly alerts: readonly AlertReport[];
}

export interface RecordingRuleReport extends EvaluatedRule {
  readonly type: 'recording';
  readonly alerts?: undefined;
}

export interface RuleReport {
  readonly name: string;
  readonly file: string;
  /** Seconds. */
  readonly interval: number;
  readonly rules: readonly (AlertingRuleReport | RecordingRuleReport)[];
  readonly evaluationTime: number;
  readonly lastEvaluation: string;
}
