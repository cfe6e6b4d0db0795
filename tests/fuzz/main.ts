/**
 * Fuzzes by hand, one target after the other, each for so long; `live` is a broker in a process of its own:
 *
 *     node tests/fuzz/main.ts [--seconds 60] [--seed N] [TARGET ...]
 *     node tests/fuzz/main.ts --input FILE TARGET
 *
 * With a file that holds an input in hex, only that is tried.
 *
 * Prints a line for each target, and at once what it finds. Exits with 1 when there is a finding.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '@millrace/base';
import { fuzz } from './fuzz.ts';
import { fuzzLive } from './live-broker.ts';
import { type ListedTarget, targets } from './targets/index.ts';

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    input: { type: 'string' },
  },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
const only = values.input === undefined ? undefined : Buffer.from(readFileSync(values.input, 'utf8').trim(), 'hex');
const names = [...targets.map(({ target }) => target.name), 'live'];
const wanted = names.filter((name) => positionals.length === 0 || positionals.includes(name));
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0 || !(seconds > 0)) {
  const usage = 'usage: node tests/fuzz/main.ts [--seconds N] [--seed N] [--input FILE] [TARGET ...]';
  process.stderr.write(`${usage}; targets: ${names.join(', ')}\n`);
  process.exit(2);
}
let findings = 0;
for (const name of wanted) if (!(await isSound(name))) findings++;
process.stdout.write(`${wanted.length} targets, ${findings} findings, seed ${seed}\n`);
process.exitCode = findings > 0 ? 1 : 0;

async function isSound(name: string): Promise<boolean> {
  const began = performance.now();
  try {
    const listed = targets.find(({ target }) => target.name === name);
    const { inputs, text } = await (listed === undefined ? live() : once(listed));
    const took = (performance.now() - began) / 1000;
    process.stdout.write(
      `${name}: ${inputs} inputs in ${took.toFixed(0)} s (${Math.round(inputs / took)}/s), ${text}\n`,
    );
    return true;
  } catch (error) {
    process.stdout.write(`${name}: ${messageOf(error)}\n`);
    return false;
  }
}

interface Told {
  readonly inputs: number;
  readonly text: string;
}

async function once({ module, exported }: ListedTarget): Promise<Told> {
  const report = await fuzz(module, exported, { seed, seconds, only, inputs: Number.MAX_SAFE_INTEGER });
  const { inputs, refused, outcomes, slowestMs, retainedBytes } = report;
  const mebibytes = (retainedBytes / 2 ** 20).toFixed(1);
  const text = `${refused} refused, ${outcomes} outcomes, slowest ${slowestMs.toFixed(1)} ms, ${mebibytes} MiB held`;
  return { inputs, text };
}

async function live(): Promise<Told> {
  const report = await fuzzLive({ seed, seconds, inputs: Number.MAX_SAFE_INTEGER });
  const { inputs, answered, bystanderRecords, rssBefore, rssAfter } = report;
  const [before, after] = [rssBefore, rssAfter].map((bytes) => Math.round(bytes / 2 ** 20));
  const text = `${answered} answered, ${bystanderRecords} records beside, memory ${before} to ${after} MiB`;
  return { inputs, text };
}
