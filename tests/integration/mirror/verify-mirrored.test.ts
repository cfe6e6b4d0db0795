/** What a mirror has copied is compared as an operator would. */
import { test } from 'node:test';
import { startMirrorFixture } from './mirror-fixture.ts';
import { verifyBehaviours } from './verify-behaviours.ts';

for (const { name, run } of verifyBehaviours) test(name, async (t) => run(await startMirrorFixture(t)));
