/** On Apache Kafka: what policies approve ends with a topic, ACLs and credentials that a foreign client uses. */
import { test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { startDatabaseFixture } from './database-fixture.ts';
import { approvedAndUsed } from './onboarding-behaviours.ts';
import { openTestOnboarding } from './onboarding-fixture.ts';
import { startKafkaSite } from './secured-site.ts';

const kafka = await kafkaForTests();

test('what policies approve on Apache Kafka is made there, and only who was granted it may produce', {
  skip: kafka.skip,
}, async () => {
  await using database = await startDatabaseFixture();
  await using east = await startKafkaSite('east', kafka);
  await using fixture = await openTestOnboarding(await database.emptyDatabase(), new Map([['east', east.admin]]));
  await approvedAndUsed(fixture, [east], 'shop.orders');
});
