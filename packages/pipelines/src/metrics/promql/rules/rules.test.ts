import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySeries } from '../memory-series.ts';
import { Labels } from '../model/labels.ts';
import { isStale, markStale } from '../model/stale-marker.ts';
import { QueryEngine } from '../query-engine.ts';
import type { Alert } from './alert-states.ts';
import { RuleEvaluator, type RuleSample } from './rule-evaluator.ts';
import { parseRuleFile, RuleFileError } from './rule-file.ts';
import { checkTemplate, expandTemplate } from './template.ts';

const minute = 60_000;

/** A store that takes what rules write, and an evaluator over it. */
function evaluatorOf(text: string, source = new MemorySeries()) {
  const put = ({ labels, timeMs, value }: RuleSample): void => {
    const known = source.get(labels);
    const times = Float64Array.of(...(known?.times ?? []), timeMs);
    const values = new Float64Array(times.length);
    for (let at = 0; at < times.length - 1; at++) {
      if (known !== undefined && isStale(known.values, at)) markStale(values, at);
      else values[at] = known?.values[at] as number;
    }
    if (value === 'stale') markStale(values, times.length - 1);
    else values[times.length - 1] = value as number;
    source.set({ labels, times, values });
  };
  let alerts: readonly Alert[] = [];
  const engine = new QueryEngine({ source });
  const [group] = parseRuleFile(text, 'rules.yaml');
  assert(group !== undefined);
  const evaluator = new RuleEvaluator({
    group,
    engine,
    write: async (samples) => samples.forEach(put),
    onAlerts: (all) => {
      alerts = all;
    },
  });
  return { source, engine, evaluator, put, alerts: () => alerts };
}

const labels = (all: Record<string, string>): Labels => Labels.from(all);

async function valuesOf(engine: QueryEngine, query: string, timeMs: number): Promise<string[]> {
  const { result } = await engine.instant(query, timeMs);
  assert(result.type === 'vector');
  return result.series.map((series) => `${JSON.stringify(series.labels)} ${series.values[0]}`).sort();
}

const highLoad = `
groups:
  - name: load
    interval: 1m
    rules:
      - record: node:load:max
        expr: max by (node) (load)
        labels: { source: rules }
      - alert: High
        expr: node:load:max > 10
        for: 2m
        keep_firing_for: 2m
        labels: { severity: p1 }
        annotations: { summary: '{{ $labels.node }} is at {{ $value | printf "%.1f" }}' }
`;

test('a rule is recorded under its name, and ends when it finds nothing more', async () => {
  const { engine, evaluator, put } = evaluatorOf(highLoad);
  put({ labels: labels({ __name__: 'load', node: 'a' }), timeMs: 0, value: 5 });
  await evaluator.evaluate(0);
  assert.deepEqual(await valuesOf(engine, 'node:load:max', 0), [
    '{"__name__":"node:load:max","node":"a","source":"rules"} 5',
  ]);
  put({ labels: labels({ __name__: 'load', node: 'a' }), timeMs: minute, value: 'stale' });
  await evaluator.evaluate(minute);
  assert.deepEqual(await valuesOf(engine, 'node:load:max', minute), []);
});

test('an alert is pending, fires, goes on firing for a while, and is over', async () => {
  const { engine, evaluator, put, alerts } = evaluatorOf(highLoad);
  const states: string[] = [];
  for (const [at, load] of [20, 21, 22, 5, 5, 5, 5].entries()) {
    put({ labels: labels({ __name__: 'load', node: 'a' }), timeMs: at * minute, value: load });
    await evaluator.evaluate(at * minute);
    states.push(
      alerts()
        .map(({ state, annotations }) => `${state}: ${annotations['summary']}`)
        .join(),
    );
  }
  assert.deepEqual(states, [
    'pending: a is at 20.0',
    'pending: a is at 21.0',
    'firing: a is at 22.0',
    'firing: a is at 22.0',
    'firing: a is at 22.0',
    'resolved: a is at 22.0',
    'resolved: a is at 22.0',
  ]);
  const shown =
    '{"__name__":"ALERTS","alertname":"High","alertstate":"firing","node":"a","severity":"p1","source":"rules"} 1';
  assert.deepEqual(await valuesOf(engine, 'ALERTS', 2 * minute), [shown]);
  assert.deepEqual(await valuesOf(engine, 'ALERTS', 6 * minute), []);
  const [, rule] = evaluator.report.rules;
  assert(rule?.type === 'alerting');
  assert.deepEqual([rule.state, rule.health, rule.alerts], ['inactive', 'ok', []]);
});

test('after a restart an alert still holds since before', async () => {
  const { source, evaluator, put } = evaluatorOf(highLoad);
  put({ labels: labels({ __name__: 'load', node: 'a' }), timeMs: 0, value: 20 });
  await evaluator.evaluate(0);
  const again = evaluatorOf(highLoad, source);
  await again.evaluator.restore(minute);
  await again.evaluator.evaluate(minute);
  await again.evaluator.evaluate(2 * minute);
  assert.deepEqual(
    again.alerts().map(({ state, activeAtMs }) => [state, activeAtMs]),
    [['firing', 0]],
  );
});

test('a rule that fails is reported, and the others go on', async () => {
  const { engine, evaluator, put } = evaluatorOf(`
groups:
  - name: g
    limit: 1
    rules:
      - { record: 'many', expr: 'load' }
      - { record: 'one', expr: 'count(load)' }
`);
  for (const node of ['a', 'b']) put({ labels: labels({ __name__: 'load', node }), timeMs: 0, value: 1 });
  await evaluator.evaluate(0);
  const [many, one] = evaluator.report.rules;
  assert.deepEqual([many?.health, one?.health], ['err', 'ok']);
  assert.match(many?.lastError ?? '', /more than its limit of 1/);
  assert.deepEqual(await valuesOf(engine, 'one', 0), ['{"__name__":"one"} 2']);
});

test('files that are not sound are refused with where they are wrong', () => {
  const refused = (rule: string): string => {
    try {
      parseRuleFile(`groups: [{ name: g, rules: [${rule}] }]`, 'r.yaml');
    } catch (error) {
      assert(error instanceof RuleFileError);
      return error.message;
    }
    return 'taken';
  };
  assert.equal(
    refused('{ record: a, expr: "1 +" }'),
    'r.yaml: group g, rule 1: expr: 1:4: parse error: unexpected end of input',
  );
  assert.equal(
    refused('{ record: a, alert: b, expr: "1" }'),
    'r.yaml: group g, rule 1: it must have either record or alert',
  );
  assert.equal(
    refused('{ alert: b, expr: "1", for: soon }'),
    "r.yaml: group g, rule 1: for: 'soon' is no duration, such as 5m",
  );
  assert.match(refused('{ alert: b, expr: "1", annotations: { a: "{{ range }}" } }'), /a: \{\{ range \}\} has "range"/);
  assert.match(refused('{ expr: "1", recrod: a }'), /recrod|additional/i);
  assert.equal(refused('{ record: a, expr: 5 }'), 'taken');
});

test('templates show labels and values as people read them', () => {
  const values = { labels: { node: 'a', path: '/x' }, value: 1_234_567.891 };
  for (const [template, text] of [
    ['{{ $labels.node }} {{$labels.missing}}!', 'a !'],
    ['{{ $value }}', '1234567.891'],
    ['{{ $value | humanize }}B', '1.235MB'],
    ['{{ humanize1024 $value }}', '1.177Mi'],
    ['{{ printf "%.2f" $value }}', '1234567.89'],
    ['{{ $value | printf "%08.1f%%" }}', '1234567.9%'],
    ['{{ "x" | toUpper }}{{ $labels.path | title }}', 'X/X'],
    ['{{ $value | humanizeDuration }}', '14d 6h 56m 7s'],
  ] as const) {
    assert.equal(checkTemplate(template), undefined, template);
    assert.equal(expandTemplate(template, values), text);
  }
  assert.match(checkTemplate('{{ query "up" }}') ?? '', /query/);
  assert.equal(checkTemplate('{{ $value'), 'an action is not closed');
});
