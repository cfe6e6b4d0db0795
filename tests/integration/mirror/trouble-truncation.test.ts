/** Mirrors of an embedded source that loses the ends of logs. */
import { test } from 'node:test';
import { cutLogs } from './cut-log.ts';
import { startMirrorFixture } from './mirror-fixture.ts';
import { truncationBehaviours } from './truncation-behaviours.ts';

for (const { name, run } of truncationBehaviours) {
  test(name, async (t) => {
    const fixture = await startMirrorFixture(t);
    const { source } = fixture;
    await run({
      ...fixture,
      createTopic: () => source.createTopic(1),
      restartSource: (_, cutAt) => source.restart((directory) => cutAt !== undefined && cutLogs(directory, cutAt)),
    });
  });
}
