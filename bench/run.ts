/** `npm run bench -- NAME`: runs a benchmark and prints what it measured. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './harness/benchmark.ts';
import { type Measurement, machineLine, summarize, table } from './harness/report.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

function names(): string[] {
  return readdirSync(folder).filter((name) => existsSync(`${folder}${name}/benchmark.ts`));
}

const usage = `Usage: npm run bench -- NAME [--json] [--rounds N] [--scale X] [--only TEXT] [--all]

Measures Millrace against its peers, subjects taking turns, and prints medians.

Benchmarks: ${names().join(', ')}

  --json       one JSON line a measured subject on stdout, everything else on stderr
  --rounds N   how often each subject is measured (default 5)
  --scale X    multiplies the amount of work (default 1)
  --only TEXT  measures the cases alone whose names have this in them (of mirror; others measure all)
  --all        measures each combination of what cases differ in, not the core ones alone (of mirror: 36, for hours);
               --only chooses among all of them too
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const name = positionals[0];
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (name === undefined || positionals.length > 1 || !names().includes(name)) {
    process.stderr.write(name === undefined ? usage : `There is no benchmark ${positionals.join(' ')}.\n\n${usage}`);
    return 2;
  }
  const rounds = Number(values.rounds);
  const scale = Number(values.scale);
  if (!Number.isInteger(rounds) || rounds < 1 || !(scale > 0)) {
    process.stderr.write('--rounds takes a whole number from 1 on, --scale a number above 0\n');
    return 2;
  }
  const { benchmark } = (await import(`./${name}/benchmark.ts`)) as { benchmark: Benchmark };
  const measurements: Measurement[] = [];
  process.stderr.write(`${name}: ${benchmark.description}\n${machineLine()}\n`);
  await benchmark.run({
    rounds,
    scale,
    isWanted: (caseName, isCore = true) => (values.only === '' ? isCore || values.all : caseName.includes(values.only)),
    progress: (message) => process.stderr.write(`  ${message}\n`),
    report: (series) => {
      const summary = summarize(series);
      measurements.push(...summary);
      if (values.json) for (const measurement of summary) process.stdout.write(`${JSON.stringify(measurement)}\n`);
    },
  });
  (values.json ? process.stderr : process.stdout).write(`\n${table(measurements)}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
