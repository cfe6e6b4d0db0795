/** Files of rules in Prometheus's format (YAML): `groups`, each with `rules` that `record` or `alert`. */
import { compileChecker } from '@millrace/api';
import { MillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import { parse as parseYaml } from 'yaml';
import { parseDuration } from '../syntax/duration-text.ts';
import { parseQuery } from '../syntax/parse.ts';
import type { Rule, RuleGroup } from './rule.ts';
import { checkTemplate } from './template.ts';

/** A file of rules that can't be evaluated. */
export class RuleFileError extends MillraceError {
  readonly code = 'rule_file_invalid';
  readonly file: string;

  constructor(file: string, what: string, cause?: unknown) {
    super(`${file}: ${what}`, { cause });
    this.file = file;
  }
}

const Texts = Type.Optional(Type.Record(Type.String(), Type.String()));
const Expression = Type.Union([Type.String({ minLength: 1 }), Type.Number()]);

const RuleShape = Type.Object(
  {
    record: Type.Optional(Type.String({ pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$' })),
    alert: Type.Optional(Type.String({ minLength: 1 })),
    expr: Expression,
    for: Type.Optional(Type.String()),
    keep_firing_for: Type.Optional(Type.String()),
    labels: Texts,
    annotations: Texts,
  },
  { additionalProperties: false },
);

const RuleFile = Type.Object(
  {
    groups: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
          interval: Type.Optional(Type.String()),
          limit: Type.Optional(Type.Integer({ minimum: 0 })),
          rules: Type.Array(RuleShape),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

const checker = compileChecker(RuleFile);

export interface ReadRulesOptions {
  /** Of groups that say none; default a minute. */
  readonly intervalMs?: number | undefined;
}

/** @throws RuleFileError for a file that is none, with where it is wrong */
export function parseRuleFile(text: string, file: string, { intervalMs = 60_000 }: ReadRulesOptions = {}): RuleGroup[] {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new RuleFileError(file, `it is no YAML: ${messageOf(error)}`, error);
  }
  const [issue] = checker.check(value) ? [] : checker.issues(value);
  if (issue !== undefined) throw new RuleFileError(file, `${issue.field || 'it'} ${issue.message}`);
  const { groups } = value as Static<typeof RuleFile>;
  const names = new Set<string>();
  return groups.map((group): RuleGroup => {
    if (names.has(group.name)) throw new RuleFileError(file, `there are two groups named ${group.name}`);
    names.add(group.name);
    const where = `group ${group.name}`;
    return {
      name: group.name,
      file,
      intervalMs: group.interval === undefined ? intervalMs : durationOf(group.interval, file, `${where}: interval`),
      limit: group.limit ?? 0,
      rules: group.rules.map((rule, index) => ruleOf(rule, file, `${where}, rule ${index + 1}`)),
    };
  });
}

function ruleOf(rule: Static<typeof RuleShape>, file: string, where: string): Rule {
  const refuse = (what: string, cause?: unknown): never => {
    throw new RuleFileError(file, `${where}: ${what}`, cause);
  };
  const expression = String(rule.expr);
  try {
    parseQuery(expression);
  } catch (error) {
    refuse(`expr: ${messageOf(error)}`, error);
  }
  const { record, alert, labels = {}, annotations = {} } = rule;
  if ((record === undefined) === (alert === undefined)) refuse('it must have either record or alert');
  if ('__name__' in labels) refuse('labels must not have __name__');
  if (alert === undefined) {
    const more = rule.for ?? rule.keep_firing_for ?? rule.annotations;
    if (more !== undefined) refuse('for, keep_firing_for and annotations are of alerts only');
    return { kind: 'recording', record: record as string, expression, labels };
  }
  for (const [name, template] of [...Object.entries(labels), ...Object.entries(annotations)]) {
    const problem = checkTemplate(template);
    if (problem !== undefined) refuse(`${name}: ${problem}`);
  }
  const forMs = rule.for === undefined ? 0 : durationOf(rule.for, file, `${where}: for`);
  const keep = rule.keep_firing_for;
  const keepFiringForMs = keep === undefined ? 0 : durationOf(keep, file, `${where}: keep_firing_for`);
  return { kind: 'alerting', alert, expression, labels, annotations, forMs, keepFiringForMs };
}

function durationOf(text: string, file: string, where: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new RuleFileError(file, `${where}: '${text}' is no duration, such as 5m`);
  return Math.round(seconds * 1000);
}
