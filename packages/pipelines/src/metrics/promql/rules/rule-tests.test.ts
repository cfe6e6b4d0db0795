import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRuleFile } from './rule-file.ts';
import { evaluationMs, parseRuleTests, runRuleTests } from './rule-tests.ts';

const rules = `
groups:
  - name: load
    rules:
      - { record: 'job:load:sum', expr: sum by (job) (load) }
      - alert: High
        expr: job:load:sum > 10
        for: 2m
        annotations: { summary: '{{ $labels.job }} at {{ $value }}' }
`;

async function verdictsOf(checks: string): Promise<readonly string[]> {
  const text = `
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - { series: 'load{job="a",node="x"}', values: '1 2 8x4 _ stale' }
      - { series: 'load{job="a",node="y"}', values: 5 }
${checks}`;
  const tests = parseRuleTests(text, 'tests.yaml');
  const groups = parseRuleFile(rules, 'rules.yaml', { intervalMs: evaluationMs(tests, 'tests.yaml') });
  return (await runRuleTests(tests, groups, 'tests.yaml')).flatMap(({ problems }) => problems);
}

test('alerts and answers that are as expected pass', async () => {
  const problems = await verdictsOf(`
    alert_rule_test:
      - { eval_time: 3m, alertname: High }
      - eval_time: 4m
        alertname: High
        exp_alerts: [{ exp_labels: { job: a }, exp_annotations: { summary: 'a at 13' } }]
    promql_expr_test:
      - { expr: 'job:load:sum', eval_time: 1m, exp_samples: [{ labels: 'job:load:sum{job="a"}', value: 7 }] }
      - { expr: 'load > 100', eval_time: 1m }
`);
  assert.deepEqual(problems, []);
});

test('what is not as expected is told with its time', async () => {
  const problems = await verdictsOf(`
    alert_rule_test:
      - { eval_time: 3m, alertname: High, exp_alerts: [{ exp_labels: { job: a } }] }
      - { eval_time: 4m, alertname: High }
    promql_expr_test:
      - { expr: 'job:load:sum', eval_time: 0, exp_samples: [{ labels: '{job="a"}', value: 6 }] }
      - { expr: 'rate(load)', eval_time: 1m }
`);
  assert.deepEqual(problems, [
    'at 0 s: job:load:sum has no {job="a"} 6',
    'at 0 s: job:load:sum has {__name__="job:load:sum", job="a"} 6',
    'at 60 s: rate(load) failed: 1:6: parse error: expected type range vector in call to function "rate", ' +
      'got instant vector',
    'at 180 s: alert High does not fire with labels {job="a"} and annotations {}',
    'at 240 s: alert High fires with labels {job="a"} and annotations {"summary":"a at 13"}',
  ]);
});

test('files that are none are refused', () => {
  assert.throws(() => parseRuleTests('tests: 5', 't.yaml'), { code: 'rule_file_invalid' });
  assert.throws(() => parseRuleTests('{', 't.yaml'), /no YAML/);
});
