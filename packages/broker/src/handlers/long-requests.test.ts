/** Requests that name very many things keep the broker busy for as long as they are, not for the square of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Api,
  alterClientQuotas,
  createTopics,
  describeLogDirs,
  describeTopicPartitions,
  describeUserScramCredentials,
  errorCodes,
  incrementalAlterConfigs,
  type RequestDraft,
} from '@millrace/wire';
import { ClusterFixture } from '../testing/cluster-fixture.ts';

const names = Array.from({ length: 150_000 }, (_, index) => `absent-${index}`);
/** As long as each took minutes when it compared every name with every other. */
const timeout = 60_000;

test('requests with 150,000 names are answered soon, whatever the principal may do', { timeout }, async () => {
  const authorizer = 'org.apache.kafka.metadata.authorizer.StandardAuthorizer';
  await using fixture = await ClusterFixture.start({
    configuration: { 'authorizer.class.name': authorizer, 'super.users': 'User:somebody' },
  });
  const peer = await fixture.peer();
  const topics = names.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }));
  const created = await peer.request(createTopics, { topics, timeoutMs: 1000, validateOnly: true });
  assert.deepEqual(codesOf(created.topics), [errorCodes.TOPIC_AUTHORIZATION_FAILED]);
  const asked = { topics: names.map((name) => ({ name })), responsePartitionLimit: 1, cursor: null };
  const described = await peer.request(describeTopicPartitions, asked);
  assert.equal(described.topics.length, names.length);
  assert.deepEqual(codesOf(described.topics), [errorCodes.TOPIC_AUTHORIZATION_FAILED]);
  const resources = names.map((resourceName) => ({ resourceType: 2, resourceName, configs: [] }));
  const altered = await peer.request(incrementalAlterConfigs, { resources, validateOnly: true });
  assert.deepEqual(codesOf(altered.responses), [errorCodes.TOPIC_AUTHORIZATION_FAILED]);
});

test('so are those of a principal that may do everything', { timeout }, async () => {
  await using fixture = await ClusterFixture.start();
  const peer = await fixture.peer();
  const ask = <A extends Api>(api: A, draft: RequestDraft<A>) => peer.request(api, draft);
  const logDirs = await ask(describeLogDirs, { topics: names.map((topic) => ({ topic, partitions: [0] })) });
  assert.deepEqual(logDirs.results[0]?.topics, []);
  const credentials = await ask(describeUserScramCredentials, { users: names.map((name) => ({ name })) });
  assert.deepEqual(codesOf(credentials.results), [errorCodes.RESOURCE_NOT_FOUND]);
});

test('quotas of very many users are set soon', { timeout }, async () => {
  await using fixture = await ClusterFixture.start();
  const peer = await fixture.peer();
  const ops = [{ key: 'producer_byte_rate', value: 1000, remove: false }];
  const users = names.slice(0, 50_000);
  const entries = users.map((entityName) => ({ entity: [{ entityType: 'user', entityName }], ops }));
  const altered = await peer.request(alterClientQuotas, { entries, validateOnly: false });
  assert.deepEqual(codesOf(altered.entries), [errorCodes.NONE]);
});

function codesOf(results: readonly { readonly errorCode: number }[]): number[] {
  return [...new Set(results.map(({ errorCode }) => errorCode))];
}
