/** Mirrors from and to Apache Kafka, in the three ways that there are with the embedded broker. */
import { after, test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { atLeastOnce, mirrorBehaviours } from './behaviours.ts';
import { groupBehaviours } from './group-behaviours.ts';
import { configuration, type RunningClusters, startMirrorFixture } from './mirror-fixture.ts';
import { originBehaviours } from './origin-behaviours.ts';
import { timeBehaviours } from './time-behaviours.ts';
import { topicBehaviours } from './topic-behaviours.ts';
import { verifyBehaviours } from './verify-behaviours.ts';

const kafka = await kafkaForTests('any');
if (kafka.skip !== false) test('mirrors of Apache Kafka', { skip: kafka.skip }, () => undefined);
else {
  const [first, second] = await Promise.all([kafka.cluster({ configuration }), kafka.cluster({ configuration })]);
  after(() => Promise.all([first.close(), second.close()]));
  const ways: readonly (RunningClusters & { readonly name: string })[] = [
    { name: 'Apache Kafka to Apache Kafka', source: first.bootstrap(), target: second.bootstrap() },
    { name: 'Apache Kafka to embedded', source: first.bootstrap() },
    { name: 'embedded to Apache Kafka', target: second.bootstrap() },
  ];
  for (const way of ways) {
    for (const { name, run } of mirrorBehaviours) {
      test(`${way.name}: ${name}`, async (t) => run(await startMirrorFixture(t, way)));
    }
  }
  // What these need of a cluster does not depend on what the other one is.
  const between = ways[0];
  const others = [...groupBehaviours, ...topicBehaviours, ...originBehaviours, ...timeBehaviours, ...verifyBehaviours];
  for (const { name, run } of [...others, ...mirrorBehaviours.slice(0, 3).map(atLeastOnce)]) {
    test(`Apache Kafka to Apache Kafka: ${name}`, async (t) => run(await startMirrorFixture(t, between)));
  }
}
