/** Queries and rules that people write: an answer or a refusal, whatever they say, and the process goes on. */
import { parseRuleFile, QueryEngine } from '@millrace/pipelines';
import {
  checkTemplate,
  expandTemplate,
  loadSeries,
  MemorySeries,
  parseScript,
} from '@millrace/pipelines/testing/promql';
import { attempt, attemptLater, type FuzzTarget } from '../fuzz-target.ts';

const source = new MemorySeries();
for (const command of parseScript(`
load 30s
  m{a="1", le="1"} 0+1x20
  m{a="2", le="+Inf"} 1+2x9 stale 0+5x8
  n{a="1"} {{schema:0 count:4 sum:7 buckets:[1 2 1]}}+{{schema:0 count:2 sum:3 buckets:[1 0 1]}}x20
  c{a="1"} {{schema:-53 count:4 sum:7 custom_values:[1 2 4] buckets:[1 2 1]}}x20
  target_info{a="1", job="j", instance="i"} 1x20
`)) {
  if (command.kind === 'load') loadSeries(source, command);
}
const engine = new QueryEngine({ source, samplesMax: 20_000, timeoutMs: 2_000 });

const queries = [
  'sum by (a) (rate(m{a=~"1|2"}[5m:30s] offset 1m)) / ignoring(x) group_left(y) -m @ 300',
  'histogram_quantile(0.9, rate(n[5m])) or histogram_fraction(0, 2, c) unless absent(m)',
  'label_replace(topk(2, m), "b", "$1x$$", "a", "(.)(.*)") > bool 1',
  'quantile_over_time(0.5, m[2m]) + fill_left(1) fill_right(0x1F) count_values("v", m)',
  'm[5m] @ end() offset -30s',
  'increase(m[max_of(step(), 2m) * 2] anchored) ^ 2 ^ -1 # comment',
  'n </ 2 + n >/ 1_000.5e-3 == c and on() {"m", "le"!~`\\d`}',
  'info(m, {job="j"}) % atan2(1) atan2 vector(NaN)',
  'limit_ratio(-0.5, m) - limitk(1, m) * double_exponential_smoothing(m[3m], 0.5, 0.5)',
  '"text\\u00e9\\x41"',
];
const rules =
  'groups:\n  - name: g\n    interval: 1m\n    rules:\n      - alert: A\n        expr: m > 1\n        for: 5m\n' +
  '        annotations: { s: \'{{ $labels.a }} {{ $value | printf "%.2f" }}\' }\n';

export const promql: FuzzTarget = {
  name: 'promql',
  inputs: 1500,
  seeds: () => [...queries, rules].map((text) => Buffer.from(text)),
  async run(input) {
    const text = Buffer.from(input).toString();
    const instant = await attemptLater(async () => (await engine.instant(text, 300_000)).result.type);
    const range = await attemptLater(async () => (await engine.range(text, 0, 600_000, 60_000)).result.type);
    const file = attempt(() => parseRuleFile(text, 'rules.yaml').length);
    const template = attempt(() => {
      if (checkTemplate(text) === undefined) expandTemplate(text, { labels: { a: 'b' }, value: 1.5 });
      return 'template';
    });
    return `${instant} ${range} ${file} ${template}`.slice(0, 200);
  },
};
