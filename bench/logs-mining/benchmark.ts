/**
 * Shapes of log lines found in one thread: reading a line's header and mining its message, per second. Once with the
 * lines of all systems of Loghub together (where they are beside the repository), once with made-up lines of few
 * shapes, and at four and sixteen times as many. The lines are in memory; each run begins without any shape known.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mineLines } from '@millrace/pipelines';
import type { Benchmark, BenchmarkContext } from '../harness/benchmark.ts';

const loghub = fileURLToPath(new URL('../../../shared/data/logs/loghub_2k/', import.meta.url));
const linesAtOne = 250_000;
const sizes = [1, 4, 16];

export const benchmark: Benchmark = {
  description: 'shapes of log lines, found on one core',

  async run(context) {
    const kinds = new Map([['made-up lines of 20 shapes', madeUp()]]);
    if (existsSync(loghub)) kinds.set('lines of 16 systems (Loghub)', ofLoghub());
    for (const [name, lines] of kinds) {
      for (const size of sizes) {
        const count = Math.round(linesAtOne * size * context.scale);
        await measure(`${name}, ${count.toLocaleString('en-US')} lines`, lines, count, context);
      }
    }
  },
};

async function measure(name: string, lines: readonly string[], count: number, context: BenchmarkContext) {
  if (!context.isWanted(name)) return;
  const rates: number[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    const begun = performance.now();
    const { shapes } = await mineLines(repeated(lines, count), Date.UTC(2026, 0, 1));
    const rate = count / ((performance.now() - begun) / 1_000);
    rates.push(rate);
    context.progress(`${name}: ${Math.round(rate).toLocaleString('en-US')} lines/s, ${shapes.length} shapes`);
  }
  const values = new Map([['millrace', rates]]);
  context.report({ bench: 'logs-mining', case: name, unit: 'lines/s', moreIsBetter: true, values });
}

async function* repeated(lines: readonly string[], count: number): AsyncGenerator<readonly string[]> {
  for (let left = count; left > 0; left -= lines.length) yield left >= lines.length ? lines : lines.slice(0, left);
}

function ofLoghub(): string[] {
  return readdirSync(loghub).flatMap((system) => {
    const file = `${loghub}${system}/${system}_2k.log`;
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  });
}

function madeUp(): string[] {
  const verbs = 'opened closed refused accepted dropped sent received queued started finished'.split(' ');
  return Array.from({ length: 20_000 }, (_, n) => {
    const time = new Date(Date.UTC(2026, 0, 1) + n * 37).toISOString();
    const verb = verbs[n % verbs.length];
    const rest = n % 3 === 0 ? `in ${n % 900} ms` : `by 10.0.${n % 256}.${n % 199}:${40_000 + (n % 9_999)}`;
    return `${time} INFO [worker-${n % 16}] shop.Gateway: connection ${n} ${verb} ${rest}`;
  });
}
