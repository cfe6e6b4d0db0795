/** What the commands that run seeds share: arguments, what is printed, the exit code. */
import { runSeeds, type SeedRange } from './run-seeds.ts';
import { coverageLine } from './summary.ts';

/** Runs the seeds that the arguments of the process name: `[FIRST [COUNT]]`. */
export async function runByHand(simulation: NonNullable<SeedRange['simulation']>): Promise<void> {
  const [first = 1, count = 1] = process.argv.slice(2).map(Number);
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(count)) {
    process.stderr.write(`usage: node ${process.argv[1]} [FIRST [COUNT]]\n`);
    process.exit(2);
  }
  let told = 0;
  const result = await runSeeds({ simulation, first, count }, ({ failures }) => {
    for (const { message, lines } of failures.slice(told)) {
      if (count === 1) process.stdout.write(`${lines.join('\n')}\n`);
      process.stdout.write(`${message}\n`);
    }
    told = failures.length;
  });
  process.stdout.write(`${coverageLine(result)}\n`);
  process.exitCode = result.failures.length > 0 ? 1 : 0;
}
