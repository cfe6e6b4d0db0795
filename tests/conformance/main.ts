/** `npm run conformance`: tries the matrix, and ends with one line about all of it. `--help` tells the rest. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { brokerKinds } from './matrix/place.ts';

const usage = `Usage: npm run conformance -- [--broker ${brokerKinds.join('|')}]

Tries every behaviour with every client on the embedded broker and on Apache Kafka, and ends with one line:

  conformance: N cases x N brokers x N clients: N cells passed, N failed, N listed differences

  --broker KIND  tries one kind of broker alone
  --help         prints this

MILLRACE_TEST_SCALE=20 has foreign clients try everything on Apache Kafka too; below that each tries every API there
once, and our client all. Apache Kafka needs Java 17 or newer and Maven, kcat needs kcat: what lacks them is skipped.
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let kinds: readonly string[];
  try {
    const options = { broker: { type: 'string' }, help: { type: 'boolean' } } as const;
    const { broker, help } = parseArgs({ args: [...args], options }).values;
    if (help === true) {
      process.stdout.write(usage);
      return 0;
    }
    kinds = brokerKinds.filter((kind) => broker === undefined || kind === broker);
    if (kinds.length === 0) throw new Error(`--broker is not ${brokerKinds.join(' or ')}: ${broker}`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  return await runTests(kinds.map((kind) => `tests/conformance/${kind}-`));
}

/** Has the test runner run those files, and end when we are told to. */
function runTests(paths: readonly string[]): Promise<number> {
  const root = resolve(import.meta.dirname, '../..');
  const runner = spawn(process.execPath, ['tools/test.ts', '--brief', ...paths], { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => runner.kill(signal));
  return new Promise((done, reject) => {
    runner.on('error', reject);
    runner.on('exit', (code) => done(code ?? 1));
  });
}
