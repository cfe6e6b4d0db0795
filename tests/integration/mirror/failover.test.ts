/** Mirrors that are failed over and back: what is fenced, what is missing, and where everybody goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AclBinding, type Client, unwrap } from '@millrace/client';
import { type FailoverOptions, type FailoverStep, failover, startMirror } from '@millrace/mirror';
import { quick, startFixture, uniqueName, until } from '../client/client-fixture.ts';
import { startSecured } from '../client/secured-fixture.ts';
import { readPartition } from './mirror-fixture.ts';

const alice = { sasl: { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' } } as const;

function acl(rule: Partial<AclBinding>): AclBinding {
  return {
    resourceType: 'topic',
    resourceName: '*',
    patternType: 'literal',
    principal: 'User:alice',
    host: '*',
    operation: 'write',
    permission: 'allow',
    ...rule,
  };
}

async function commit(client: Client, group: string, topic: string, offset: number): Promise<void> {
  unwrap(await client.admin().commitOffsets(group, [{ topic, partition: 0, offset, metadata: '' }]));
}

async function offsetOf(client: Client, group: string, topic: string): Promise<number | undefined> {
  return unwrap(await client.admin().fetchOffsets(group, [{ topic, partition: 0 }]))[0]?.offset;
}

function valuesOf(records: readonly { readonly value: string | null }[]): (string | null)[] {
  return records.map(({ value }) => value);
}

test('a planned failover fences who writes, loses nothing, and lets them write on the target', async (t) => {
  const source = await startSecured(t);
  const target = await startFixture(t, { authorizer: true });
  const topic = uniqueName('topic');
  unwrap(await source.admin.createTopics([{ topic, partitions: 2 }]));
  unwrap(await source.admin.createAcls([acl({ resourceName: topic })]));
  const sides = {
    name: uniqueName('mirror'),
    source: { bootstrap: source.bootstrap('PLAINTEXT'), ...quick },
    target: { bootstrap: target.bootstrap, ...quick },
  };
  await using mirror = await startMirror({ ...sides, topics: [topic], shards: 4, topicIntervalMs: 200 });
  const writer = source.connect('SASL_PLAINTEXT', alice).producer();
  const written: string[] = [];
  let refused: unknown;
  const writing = (async () => {
    for (let n = 0; refused === undefined; n++) {
      const value = `value ${n}`;
      await writer.send({ topic, partition: n % 2, value }).then(
        () => written.push(value),
        (error: unknown) => {
          refused = error;
        },
      );
    }
  })();
  await until(() => written.length > 200);
  const steps: FailoverStep[] = [];
  const options: FailoverOptions = {
    ...sides,
    manner: 'planned',
    unfenced: true,
    probe: { bootstrap: source.bootstrap('SASL_PLAINTEXT'), ...quick, security: alice },
    tell: (step) => void steps.push(step),
  };
  await assert.rejects(failover({ ...options, unfenced: false }), { code: 'failover_unfenced' });
  assert.equal(refused, undefined, 'nobody is fenced by a failover that does not begin');
  const group = uniqueName('group');
  await commit(source.connect('PLAINTEXT'), group, topic, 20);
  const result = await failover(options);
  await writing;
  assert.equal(((refused as Error).cause as { code?: string }).code, 'authorization_failed');
  const found = (await Promise.all([0, 1].map((partition) => readPartition(target.client, topic, partition)))).flatMap(
    valuesOf,
  );
  assert.deepEqual(found.toSorted(), written.toSorted());
  assert.deepEqual(
    result.topics.flatMap(({ points }) => points.map(({ source: at, sourceEnd }) => at === sourceEnd)),
    [true, true],
  );
  const at = await offsetOf(target.client, group, topic);
  const next = (await readPartition(target.client, topic, 0)).find(({ offset }) => offset >= (at ?? 0));
  assert.equal(next?.value, (await readPartition(source.connect('PLAINTEXT'), topic, 0))[20]?.value);
  const rules = await target.admin.describeAcls({ resourceType: 'topic', resourceName: topic });
  const write = rules.filter(({ operation }) => operation === 'write');
  assert.deepEqual(write, [acl({ resourceName: topic })]);
  assert.deepEqual([...new Set(steps.map(({ step }) => step))].slice(0, 4), ['begin', 'fence', 'transactions', 'ends']);
  // The worker is fenced, and nobody may begin another.
  await until(() => mirror.status().length === 0);
  await assert.rejects(startMirror({ ...sides, topics: [topic] }), { code: 'mirror_failed_over' });
  // Again: nothing is left to do but groups.
  await commit(source.connect('PLAINTEXT'), group, topic, 30);
  const again = await failover(options);
  assert.deepEqual(again.topics, result.topics);
  assert.deepEqual(
    again.groups.map(({ synced }) => synced),
    [1],
  );
});
