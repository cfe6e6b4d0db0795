/**
 * `node tests/simulation/main.ts [FIRST [COUNT]]`: runs seeds by hand, as many as wanted, and prints what failed at
 * once and what was covered in the end. With one seed, the last events before its failure are printed as well.
 */
import { runSeeds } from './run-seeds.ts';
import { coverageLine } from './summary.ts';

const [first = 1, count = 1] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count)) {
  process.stderr.write('usage: node tests/simulation/main.ts [FIRST [COUNT]]\n');
  process.exit(2);
}
let told = 0;
const result = await runSeeds({ first, count }, ({ failures }) => {
  for (const { message, lines } of failures.slice(told)) {
    if (count === 1) process.stdout.write(`${lines.join('\n')}\n`);
    process.stdout.write(`${message}\n`);
  }
  told = failures.length;
});
process.stdout.write(`${coverageLine(result)}\n`);
process.exitCode = result.failures.length > 0 ? 1 : 0;
