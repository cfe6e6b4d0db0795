/**
 * Runs test scripts of Prometheus by hand, and prints how many of their evaluations are as they expect and what the
 * others are:
 *
 *     node packages/pipelines/src/metrics/promql/testing/run-files.ts FOLDER
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript } from './run-script.ts';

const [folder = '.'] = process.argv.slice(2);
let all = 0;
let good = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith('.test'))) {
  const verdicts = await runScript(readFileSync(join(folder, file), 'utf8'));
  const wrong = verdicts.filter(({ problem }) => problem !== undefined);
  all += verdicts.length;
  good += verdicts.length - wrong.length;
  process.stdout.write(`${file}: ${verdicts.length - wrong.length} of ${verdicts.length}\n`);
  for (const { line, query, problem } of wrong) process.stdout.write(`  line ${line}: ${query}\n    ${problem}\n`);
}
process.stdout.write(`${good} of ${all}\n`);
process.exitCode = good === all ? 0 : 3;
