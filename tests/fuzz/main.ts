/**
 * Fuzzes by hand, one target after the other, each for so long:
 *
 *     node tests/fuzz/main.ts [--seconds 60] [--seed N] [TARGET ...]
 *
 * Prints a line for each target, and at once what it finds. Exits with 1 when there is a finding.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '@millrace/base';
import { fuzz } from './fuzz.ts';
import { type ListedTarget, targets } from './targets/index.ts';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
const wanted = targets.filter(({ target }) => positionals.length === 0 || positionals.includes(target.name));
const unknown = positionals.filter((name) => !targets.some(({ target }) => target.name === name));
if (unknown.length > 0 || !(seconds > 0)) {
  const names = targets.map(({ target }) => target.name).join(', ');
  process.stderr.write(`usage: node tests/fuzz/main.ts [--seconds N] [--seed N] [TARGET ...]; targets: ${names}\n`);
  process.exit(2);
}
let findings = 0;
for (const each of wanted) if (!(await isSound(each))) findings++;
process.stdout.write(`${wanted.length} targets, ${findings} findings, seed ${seed}\n`);
process.exitCode = findings > 0 ? 1 : 0;

async function isSound({ module, exported, target }: ListedTarget): Promise<boolean> {
  const began = performance.now();
  try {
    const report = await fuzz(module, exported, { seed, seconds, inputs: Number.MAX_SAFE_INTEGER });
    const took = (performance.now() - began) / 1000;
    const { inputs, refused, outcomes, slowestMs, retainedBytes } = report;
    process.stdout.write(
      `${target.name}: ${inputs} inputs in ${took.toFixed(0)} s (${Math.round(inputs / took)}/s), ${refused} refused, ` +
        `${outcomes} outcomes, slowest ${slowestMs.toFixed(1)} ms, ${(retainedBytes / 2 ** 20).toFixed(1)} MiB held\n`,
    );
    return true;
  } catch (error) {
    process.stdout.write(`${messageOf(error)}\n`);
    return false;
  }
}
