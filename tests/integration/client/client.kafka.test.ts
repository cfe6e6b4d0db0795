/**
 * The tests of this folder that work with any cluster, on three brokers of Apache Kafka, or on those that
 * `MILLRACE_TEST_BOOTSTRAP` names. What needs brokers that stop is tried there by `tests/faults`, as are kills of
 * those who copy exactly once.
 */
import { after, test } from 'node:test';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { useCluster } from './client-fixture.ts';

/** What some of the tests ask of their embedded cluster. */
const configuration = {
  'allow.everyone.if.no.acl.found': 'true',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'auto.create.topics.enable': 'false',
  'group.consumer.heartbeat.interval.ms': '50',
  'group.consumer.min.heartbeat.interval.ms': '20',
  'group.consumer.min.session.timeout.ms': '500',
  'group.consumer.regex.refresh.interval.ms': '10000',
  'group.consumer.session.timeout.ms': '2000',
  'group.min.session.timeout.ms': '100',
  'super.users': 'User:ANONYMOUS',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '100',
};

const names = [
  'admin-access',
  'admin-cluster',
  'admin-groups',
  'admin-transactions',
  'admin',
  'consumer-protocol',
  'consumer',
  'groups',
  'produce-consume',
  'producer',
  'quotas',
  'survival',
  'transaction-offsets',
  'transactions',
];

const kafka = await kafkaForTests('any');
if (kafka.skip !== false) test('the client on Apache Kafka', { skip: kafka.skip }, () => undefined);
else {
  const cluster = await kafka.cluster({ brokers: 3, configuration });
  after(() => cluster.close());
  useCluster(cluster.bootstrap());
  for (const name of names) await import(`./${name}.test.ts`);
}
