/** Fuzzing itself, judged on decoders with planted faults. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuzzFinding, fuzz } from './fuzz.ts';
import { targets } from './targets/index.ts';

const module = new URL('planted/planted-targets.ts', import.meta.url).href;
const seed = 12_345;

/** The finding that fuzzing a planted target must end in. */
async function findingIn(target: string, options: { inputs: number; hangMs?: number; heapMegabytesMax?: number }) {
  try {
    await fuzz(module, target, { seed, ...options });
  } catch (error) {
    if (!(error instanceof FuzzFinding)) throw error;
    return error;
  }
  throw new assert.AssertionError({ message: `${target}: the planted fault was not found` });
}

test('a decoder that reads or refuses every input passes', async () => {
  const { refused, outcomes, finding } = await fuzz(module, 'sound', { seed, inputs: 3000 });
  assert.ok(refused > 100 && refused < 3000, `${refused}`);
  assert.equal(outcomes, 2, 'messages that differ in numbers only are one outcome');
  assert.equal(finding, undefined);
});

test('an input that ends in a foreign error is found, with the seed that leads to it', async () => {
  const first = await findingIn('throwing', { inputs: 20_000 });
  assert.equal(first.input[0], 7);
  assert.match(first.message, /TypeError: byte 0 is 7/);
  assert.ok(first.message.includes(Buffer.from(first.input).toString('hex')));
  assert.ok(first.message.includes(`MILLRACE_TEST_SEED=${seed}`));
  const again = await findingIn('throwing', { inputs: 20_000 });
  assert.deepEqual(again.input, first.input);
});

for (const target of ['rejecting', 'straying']) {
  test(`an input whose work fails later is found (${target})`, async () => {
    const { input, message } = await findingIn(target, { inputs: 20_000 });
    assert.equal(input[0], 7);
    assert.match(message, /TypeError: byte 0 is 7/);
  });
}

test('a finding tells whether the input alone ends so', async () => {
  assert.match((await findingIn('throwing', { inputs: 20_000 })).message, /Keep it as tests\/fuzz\/corpus/);
  const { input, message } = await findingIn('stateful', { inputs: 20_000 });
  assert.match(message, /Alone it ends well/);
  const { finding } = await fuzz(module, 'stateful', { seed, inputs: 20_000, only: input });
  assert.equal(finding, undefined);
});

for (const { target, ...listed } of targets.filter(({ target }) =>
  ['client', 'broker', 'tokens'].includes(target.name),
)) {
  test(`a seed leads to the same run again (${target.name})`, async () => {
    const run = () => fuzz(listed.module, listed.exported, { seed, inputs: 30 });
    const [first, again] = [await run(), await run()];
    assert.deepEqual([again.digest, again.outcomes], [first.digest, first.outcomes]);
  });
}

test('a run that is given a time ends by it', async () => {
  const { inputs, finding } = await fuzz(module, 'sound', { seed, inputs: Number.MAX_SAFE_INTEGER, seconds: 0.2 });
  assert.ok(inputs > 0);
  assert.equal(finding, undefined);
});

test('an input that hangs is found', async () => {
  const { input, message } = await findingIn('hanging', { inputs: 20_000, hangMs: 2000 });
  assert.equal(input[0], 7);
  assert.match(message, /takes over 2000 ms/);
});

test('an input that takes too much memory is found', async () => {
  const { input, message } = await findingIn('hungry', { inputs: 20_000, heapMegabytesMax: 64 });
  assert.equal(input[0], 7);
  assert.match(message, /heap out of memory/);
});

test('memory that a target holds on to is told apart from garbage', async () => {
  const leaking = await fuzz(module, 'leaking', { seed, inputs: 5000 });
  assert.ok(leaking.retainedBytes > 5000 * 4096, `${leaking.retainedBytes}`);
  const sound = await fuzz(module, 'sound', { seed, inputs: 5000 });
  assert.ok(sound.retainedBytes < 4 * 1024 * 1024, `${sound.retainedBytes}`);
});

test('inputs with a new outcome lead deeper', async () => {
  const { input } = await findingIn('deep', { inputs: 200_000 });
  assert.deepEqual([...input.subarray(0, 6)], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
});

test('what lies in the corpus is tried as it is', async () => {
  const { outcomes, refused } = await fuzz(module, 'sound', { seed, inputs: 0 });
  assert.deepEqual([outcomes, refused], [2, 1]);
});

test('a target that can not be loaded is no finding, but fails', async () => {
  await assert.rejects(fuzz(module, 'absent', { seed, inputs: 1 }), /absent: the process ended with 1/);
});
