import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosingStack } from './closing-stack.ts';

function part(name: string, log: string[], failure?: Error): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      log.push(name);
      if (failure !== undefined) throw failure;
    },
  };
}

test('closes in the reverse order, once, and past what fails', async () => {
  const log: string[] = [];
  const stack = new ClosingStack();
  for (const name of ['a', 'b', 'c']) stack.use(part(name, log, name === 'a' ? undefined : new Error(name)));
  await assert.rejects(stack.close(), /^Error: c$/);
  await stack.close();
  assert.deepEqual(log, ['c', 'b', 'a']);
});

test('closes nothing that was moved', async () => {
  const log: string[] = [];
  let moved: ClosingStack;
  {
    await using stack = new ClosingStack();
    stack.use(part('a', log));
    moved = stack.move();
  }
  assert.deepEqual(log, []);
  await moved.close();
  assert.deepEqual(log, ['a']);
});
