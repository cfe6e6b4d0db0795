/**
 * Range queries as a dashboard asks them: six hours of series with a sample every 15 seconds, a step of 30 seconds,
 * over 1,000, 4,000 and 16,000 series in memory, so that the engine alone is measured. There is no peer in JavaScript;
 * Prometheus's own engine is measured by its `promql/bench_test.go`.
 */
import { Labels, QueryEngine } from '@millrace/pipelines';
import { MemorySeries } from '@millrace/pipelines/testing/promql';
import type { Benchmark } from '../harness/benchmark.ts';

const seriesCount = 1_000;
const hours = 6;
const sampleMs = 15_000;
const stepMs = 30_000;

const queries: Readonly<Record<string, string>> = {
  select: 'm_total',
  rate: 'sum by (job) (rate(m_total[5m]))',
  'rate over an hour': 'sum by (job) (rate(m_total[1h]))',
  quantile: 'histogram_quantile(0.9, sum by (le, job) (rate(m_total[5m])))',
  divide: 'sum by (job) (m_total / on(id) group_left() m_total)',
  topk: 'topk(5, m_total)',
};

export const benchmark: Benchmark = {
  description: `range queries over ${hours} h of ${seriesCount} series and more`,

  async run({ rounds, scale, isWanted, progress, report }) {
    for (const times of [1, 4, 16]) {
      const count = Math.max(1, Math.round(seriesCount * times * scale));
      const wanted = Object.entries(queries).filter(([name]) => isWanted(`${name} ${times}x`, times === 1));
      if (wanted.length === 0) continue;
      const engine = new QueryEngine({ source: sourceOf(count), samplesMax: Infinity, timeoutMs: 600_000 });
      for (const [name, query] of wanted) {
        const values: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const startedMs = performance.now();
          await engine.range(query, 0, hours * 3_600_000, stepMs);
          values.push(performance.now() - startedMs);
          progress(`${name} ${times}x: ${Math.round(values.at(-1) as number)} ms`);
        }
        report({
          bench: 'metrics-query',
          case: `${name} ${times}x`,
          unit: 'ms',
          moreIsBetter: false,
          values: new Map([['millrace', values]]),
        });
      }
    }
  },
};

/** Counters of ten jobs, each a bucket of a histogram, growing at paces of their own. */
function sourceOf(count: number): MemorySeries {
  const source = new MemorySeries();
  const samples = (hours * 3_600_000) / sampleMs + 1;
  for (let id = 0; id < count; id++) {
    const times = new Float64Array(samples);
    const values = new Float64Array(samples);
    for (let at = 0; at < samples; at++) {
      times[at] = at * sampleMs + (id % 1_000);
      // Each begins anew now and then.
      values[at] = (at % (997 + id)) * (1 + (id % 10));
    }
    const le = id % 10 === 9 ? '+Inf' : String(id % 10);
    source.set({
      labels: Labels.from({ __name__: 'm_total', id: `${id}`, job: `${((id / 10) % 10) | 0}`, le }),
      times,
      values,
    });
  }
  return source;
}
