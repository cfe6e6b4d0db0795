/** A mirror that promises each record at least once, between embedded clusters. */
import { test } from 'node:test';
import { atLeastOnce, mirrorBehaviours } from './behaviours.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

for (const { name, mayRepeat, run } of mirrorBehaviours.map(atLeastOnce)) {
  if (mayRepeat !== true) test(name, async (t) => run(await startMirrorFixture(t)));
}
