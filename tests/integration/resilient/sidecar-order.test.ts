/** No program gets to two clusters with one secret, and bugs planted in the order of the sidecar's move are found. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plantedSidecarBugs } from './sidecar-bugs.ts';
import type { SeenClusters } from './sidecar-order.ts';

const program = fileURLToPath(new URL('./sidecar-order-program.ts', import.meta.url));

async function seenWith(bug?: number): Promise<SeenClusters> {
  const child = fork(program, bug === undefined ? [] : [`${bug}`]);
  const over = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`it ended with ${code} and said nothing`)),
  );
  over.catch(() => undefined);
  const [seen] = (await Promise.race([once(child, 'message'), over])) as [SeenClusters];
  return seen;
}

test('whoever has the secret of before gets to the cluster of before alone, however fast he comes back', async () => {
  assert.deepEqual(await seenWith(), { before: ['east'], after: ['west'] });
});

for (const [number, { name }] of plantedSidecarBugs.entries()) {
  test(`a bug planted in the sidecar is found: ${name}`, async () => {
    const { before } = await seenWith(number);
    assert.ok(before.includes('west'), 'nobody noticed');
  });
}
