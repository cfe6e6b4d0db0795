/**
 * `node tests/faults/main.ts [FIRST [COUNT [ENGINE [WHAT]]]]`: runs seeds by hand, on Apache Kafka or (`embedded`) on
 * the embedded broker, tells of each, and prints what was covered in the end. WHAT is `exactly-once` (default) or
 * `delivery`.
 */
import { messageOf } from '@millrace/base';
import { ensureKafka, kafkaSource } from '@millrace/engines';
import { Coverage } from '../simulation/oracle/coverage.ts';
import { deliveryRun } from './delivery-run.ts';
import { exactlyOnceRun } from './exactly-once-run.ts';
import { startEmbedded, startKafka } from './start-fault-cluster.ts';

const [first = 1, count = 1] = process.argv.slice(2, 4).map(Number);
const [engine = 'kafka', what = 'exactly-once'] = process.argv.slice(4);
const runs = new Map([
  ['exactly-once', exactlyOnceRun],
  ['delivery', deliveryRun],
]);
const run = runs.get(what);
if (
  !Number.isSafeInteger(first) ||
  !Number.isSafeInteger(count) ||
  !['kafka', 'embedded'].includes(engine) ||
  run === undefined
) {
  process.stderr.write('usage: node tests/faults/main.ts [FIRST [COUNT [kafka|embedded [exactly-once|delivery]]]]\n');
  process.exit(2);
}
const report = (line: string): void => void process.stderr.write(`${line}\n`);
const coverage = new Coverage();
const failed: number[] = [];
await using cluster =
  engine === 'embedded' ? await startEmbedded() : await startKafka(await ensureKafka(kafkaSource(process.env), report));
report(`three brokers serve at ${cluster.bootstrap}`);
for (let seed = first; seed < first + count; seed++) {
  const began = performance.now();
  try {
    const outcome = await run(cluster, seed);
    coverage.merge(outcome.coverage.counts());
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`seed ${seed}: ${outcome.problems.length === 0 ? 'holds' : 'FAILED'}, ${seconds} s\n`);
    if (outcome.problems.length > 0) failed.push(seed);
    const lines = count === 1 || outcome.problems.length > 0 ? outcome.story : [];
    for (const line of [...lines, ...outcome.problems]) process.stdout.write(`  ${line}\n`);
  } catch (error) {
    failed.push(seed);
    process.stdout.write(`seed ${seed}: FAILED, ${messageOf(error)}\n${(error as Error).stack}\n`);
  }
}
process.stdout.write(`${count - failed.length} seeds held, failed: ${failed.join(', ') || 'none'}; ${coverage}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
