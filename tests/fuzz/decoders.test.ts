/**
 * Fuzzes every decoder that reads bytes from outside: each must end in a value or in an error of the project, soon, and
 * within bounded memory. Every run tries the same inputs, so that a failure is about the change that is tested; others
 * are for `main.ts`, or for `MILLRACE_TEST_SEED`. `MILLRACE_TEST_SCALE` multiplies them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.ts';
import { targets } from './targets/index.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? 1);

/** Far above what any target takes, so that a busy machine does not fail: a decoder whose cost explodes does. */
const meanMsMax = 50;
/** Seeds that were found on the way take some. */
const retainedBytesMax = 48 * 1024 * 1024;

for (const { module, exported, target } of targets) {
  test(`${target.name}: hostile bytes end in a value or a clear error`, async (context) => {
    const inputs = Math.ceil(target.inputs * scale);
    const { refused, outcomes, meanMs, slowestMs, retainedBytes } = await fuzz(module, exported, { seed, inputs });
    context.diagnostic(
      `seed ${seed}: ${inputs} inputs, ${refused} refused, ${outcomes} outcomes, ` +
        `mean ${meanMs.toFixed(3)} ms, slowest ${slowestMs.toFixed(1)} ms`,
    );
    assert.ok(refused < inputs, 'no input was read');
    assert.ok(meanMs < meanMsMax, `an input takes ${meanMs} ms in the mean`);
    assert.ok(retainedBytes < retainedBytesMax, `${retainedBytes} bytes are held after all inputs were read`);
  });
}
