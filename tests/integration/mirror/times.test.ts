import { test } from 'node:test';
import { startMirrorFixture } from './mirror-fixture.ts';
import { timeBehaviours } from './time-behaviours.ts';

for (const { name, run } of timeBehaviours) test(name, async (t) => run(await startMirrorFixture(t)));
