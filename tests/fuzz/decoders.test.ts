/**
 * Fuzzes every decoder that reads bytes from outside: each must end in a value or in an error of the project, soon, and
 * within bounded memory. `MILLRACE_TEST_SEED` repeats a run, `MILLRACE_TEST_SCALE` multiplies its inputs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { batches } from './targets/batches.ts';
import { compression } from './targets/compression.ts';
import { frames } from './targets/frames.ts';
import { consumerProtocol, requests, responses } from './targets/messages.ts';
import { sasl } from './targets/sasl.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const seed = Number(process.env['MILLRACE_TEST_SEED'] ?? Date.now() % 2 ** 32);

/** Far above what any target takes, so that a busy machine does not fail: a decoder whose cost explodes does. */
const meanMsMax = 10;
/** Seeds that were found on the way take some. */
const retainedBytesMax = 48 * 1024 * 1024;

const modules: Record<string, Record<string, FuzzTarget>> = {
  'targets/messages.ts': { requests, responses, consumerProtocol },
  'targets/frames.ts': { frames },
  'targets/batches.ts': { batches },
  'targets/compression.ts': { compression },
  'targets/sasl.ts': { sasl },
};

for (const [path, targets] of Object.entries(modules)) {
  for (const [name, target] of Object.entries(targets)) {
    test(`${target.name}: hostile bytes end in a value or a clear error`, async (context) => {
      const inputs = Math.ceil(target.inputs * scale);
      const report = await fuzz(new URL(path, import.meta.url).href, name, { seed, inputs });
      const { refused, outcomes, meanMs, slowestMs, retainedBytes } = report;
      context.diagnostic(
        `seed ${seed}: ${inputs} inputs, ${refused} refused, ${outcomes} outcomes, ` +
          `mean ${meanMs.toFixed(3)} ms, slowest ${slowestMs.toFixed(1)} ms`,
      );
      assert.ok(refused < inputs, 'no input was read');
      assert.ok(meanMs < meanMsMax, `an input takes ${meanMs} ms in the mean`);
      assert.ok(retainedBytes < retainedBytesMax, `${retainedBytes} bytes are held after all inputs were read`);
    });
  }
}
