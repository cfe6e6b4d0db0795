/** A mirror that promises each record at least once, between embedded clusters. */
import { test } from 'node:test';
import { mirrorBehaviours } from './behaviours.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

for (const { name, mayRepeat, run } of mirrorBehaviours) {
  if (mayRepeat === true) continue;
  test(`at least once: ${name}`, async (t) => {
    const fixture = await startMirrorFixture(t);
    await run({
      ...fixture,
      mirror: (topics, options) => fixture.mirror(topics, { ...options, guarantee: 'at-least-once' }),
    });
  });
}
