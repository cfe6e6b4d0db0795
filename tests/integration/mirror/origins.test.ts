/** Mirrors that lead back to where they begin, between embedded clusters. */
import { test } from 'node:test';
import { startMirrorFixture } from './mirror-fixture.ts';
import { originBehaviours } from './origin-behaviours.ts';

for (const { name, run } of originBehaviours) test(name, async (t) => run(await startMirrorFixture(t)));
