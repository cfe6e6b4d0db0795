/** A mirror from one embedded cluster to another. */
import { test } from 'node:test';
import { mirrorBehaviours } from './behaviours.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

for (const { name, run } of mirrorBehaviours) test(name, async (t) => run(await startMirrorFixture(t)));
