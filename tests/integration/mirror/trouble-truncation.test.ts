/** Mirrors of an embedded source that loses the ends of logs. */
import { test } from 'node:test';
import { cutLogs } from './cut-log.ts';
import { startMirrorFixture } from './mirror-fixture.ts';
import { truncationBehaviours } from './truncation-behaviours.ts';

/** Of Kafka 2.3 to 2.6, whose leaders do not compare what was fetched last. */
const oldFetchVersion = 11;

for (const fetchVersionMax of [undefined, oldFetchVersion]) {
  const of = fetchVersionMax === undefined ? '' : ' (a source before Kafka 2.7)';
  for (const { name, run } of truncationBehaviours) {
    test(`${name}${of}`, async (t) => {
      const fixture = await startMirrorFixture(t);
      const { source } = fixture;
      await run({
        ...fixture,
        mirror: (topics, options) => fixture.mirror(topics, { fetchVersionMax, ...options }),
        createTopic: () => source.createTopic(1),
        restartSource: (_, cutAt) => source.restart((directory) => cutAt !== undefined && cutLogs(directory, cutAt)),
      });
    });
  }
}
