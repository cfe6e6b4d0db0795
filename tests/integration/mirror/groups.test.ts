/** Consumer groups that are carried from one embedded cluster to another. */
import { test } from 'node:test';
import { groupBehaviours } from './group-behaviours.ts';
import { startMirrorFixture } from './mirror-fixture.ts';

for (const { name, run } of groupBehaviours) test(name, async (t) => run(await startMirrorFixture(t)));
