/** What becomes of a principal that may not do what it asks for. */
import { unwrap } from '@millrace/client';
import kafkajsPackage from 'kafkajs';
import { by, type Caller, type Driver, type MemberOptions, outcomeOf, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { kafkajsAt } from '../drivers/kafkajs.ts';
import { platformaticAdmin } from '../drivers/platformatic.ts';
import { access, type Grant, grant } from '../matrix/access.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajsPackage;
const messages = [{ value: 'x' }];
const profile = 'secured';
const transacting = drivers.filter(
  ({ client, transact }) => client !== '@platformatic/kafka' && transact !== undefined,
);

export const denials: readonly Behaviour[] = [
  {
    name: 'who may not write to a topic is told so, and writes once that is granted',
    apis: ['Produce', 'Metadata', 'CreateAcls', 'DescribeAcls', 'DeleteAcls'],
    profile,
    shows: { before: 'TOPIC_AUTHORIZATION_FAILED', after: 'done' },
    by: by(drivers, (driver, place, scope) =>
      beforeAndAfter(driver, place, scope, {
        already: [],
        granted: (topic) => ({ resourceType: 'topic', resourceName: topic, operation: 'write' }),
        attempt: (topic, caller) => driver.produce(place, scope, { topic, messages, ...caller }),
      }),
    ),
  },
  {
    name: 'who may not read a topic is told so, and reads once that is granted',
    apis: ['Fetch', 'Metadata', 'ListOffsets'],
    profile,
    shows: { before: 'TOPIC_AUTHORIZATION_FAILED', after: 'done' },
    by: by(drivers, (driver, place, scope) =>
      beforeAndAfter(driver, place, scope, {
        already: [{ resourceType: 'group', resourceName: scope.name('group'), operation: 'read' }],
        granted: (topic) => ({ resourceType: 'topic', resourceName: topic, operation: 'read' }),
        attempt: (topic, caller) => readOne(driver, place, scope, topic, caller),
      }),
    ),
  },
  {
    name: 'who may not read a topic is told so by the consumer protocol too',
    apis: ['ConsumerGroupHeartbeat'],
    profile,
    shows: { before: 'TOPIC_AUTHORIZATION_FAILED', after: 'done' },
    by: by(
      drivers.filter(({ protocols }) => protocols.includes('consumer')),
      (driver, place, scope) =>
        beforeAndAfter(driver, place, scope, {
          already: [{ resourceType: 'group', resourceName: scope.name('group'), operation: 'read' }],
          granted: (topic) => ({ resourceType: 'topic', resourceName: topic, operation: 'read' }),
          attempt: (topic, caller) => readOne(driver, place, scope, topic, { ...caller, protocol: 'consumer' }),
        }),
    ),
  },
  {
    name: 'who may describe a group but not read by it is told so, and is a member once that is granted',
    apis: ['FindCoordinator', 'JoinGroup', 'OffsetFetch'],
    profile,
    shows: { before: 'GROUP_AUTHORIZATION_FAILED', after: 'done' },
    by: by(drivers, (driver, place, scope) =>
      beforeAndAfter(driver, place, scope, {
        already: [
          { resourceType: 'topic', resourceName: scope.name(), operation: 'read' },
          { resourceType: 'group', resourceName: scope.name('group'), operation: 'describe' },
        ],
        granted: () => ({ resourceType: 'group', resourceName: scope.name('group'), operation: 'read' }),
        attempt: (topic, caller) => readOne(driver, place, scope, topic, caller),
      }),
    ),
  },
  {
    name: 'who may describe a transactional id but not write by it is told so, and transacts once that is granted',
    apis: ['FindCoordinator', 'InitProducerId', 'EndTxn'],
    profile,
    shows: { before: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', after: 'done' },
    // @platformatic/kafka adds partitions with a version of the request that is for brokers.
    by: by(transacting, (driver, place, scope) => {
      const transactionalId = scope.name('transactional-id');
      return beforeAndAfter(driver, place, scope, {
        already: [
          { resourceType: 'topic', resourceName: scope.name(), operation: 'write' },
          { resourceType: 'transactional-id', resourceName: transactionalId, operation: 'describe' },
        ],
        granted: () => ({ resourceType: 'transactional-id', resourceName: transactionalId, operation: 'write' }),
        attempt: (topic, caller) =>
          driver.transact?.(place, scope, { topic, transactionalId, messages, outcome: 'commit', ...caller }),
      });
    }),
  },
  {
    name: 'who may not create or describe topics is told so, and sees none in lists',
    apis: ['CreateTopics', 'Metadata'],
    profile,
    shows: { created: 'TOPIC_AUTHORIZATION_FAILED', described: 'TOPIC_AUTHORIZATION_FAILED', listed: [false, true] },
    by: {
      async millrace(place, scope) {
        const topic = await scope.createTopic();
        const admin = scope.connect(aliceAt(place).access).admin();
        const listed = async (): Promise<boolean> => (await admin.listTopics()).some((each) => each.topic === topic);
        const [created] = await admin.createTopics([{ topic: scope.name('forbidden'), partitions: 1 }]);
        const [described] = await admin.describeTopics([topic]);
        const before = await listed();
        await grant(place, scope, 'User:alice', [
          { resourceType: 'topic', resourceName: topic, operation: 'describe' },
        ]);
        return {
          created: created?.error?.errorName,
          described: described?.error?.errorName,
          listed: [before, await listed()],
        };
      },
      async kafkajs(place, scope) {
        const topic = await scope.createTopic();
        const admin = kafkajsAt(place, aliceAt(place)).admin();
        scope.defer(() => admin.disconnect());
        await admin.connect();
        const listed = async (): Promise<boolean> => (await admin.listTopics()).includes(topic);
        const driver = drivers.find(({ client }) => client === 'kafkajs') as Driver;
        const forbidden = { topics: [{ topic: scope.name('forbidden') }] };
        const created = await outcomeOf(driver, () => admin.createTopics(forbidden));
        const described = await outcomeOf(driver, () => admin.fetchTopicMetadata({ topics: [topic] }));
        const before = await listed();
        await grant(place, scope, 'User:alice', [
          { resourceType: 'topic', resourceName: topic, operation: 'describe' },
        ]);
        return { created, described, listed: [before, await listed()] };
      },
    },
  },
  {
    name: 'entries are made, described and deleted',
    apis: ['CreateAcls', 'DescribeAcls', 'DeleteAcls'],
    profile,
    shows: { described: ['read', 'write'], deleted: 2, left: 0 },
    by: { millrace: ourEntries, kafkajs: kafkajsEntries, '@platformatic/kafka': platformaticEntries },
  },
];

async function ourEntries(_place: Place, scope: Scope) {
  const resource = { resourceType: 'topic', resourceName: scope.name() } as const;
  const { admin } = scope;
  const entries = (['read', 'write'] as const).map((operation) => ({
    ...resource,
    patternType: 'literal' as const,
    principal: 'User:bob',
    host: '*',
    operation,
    permission: 'allow' as const,
  }));
  unwrap(await admin.createAcls(entries));
  const found = await settled(
    () => admin.describeAcls(resource),
    ({ length }) => length === 2,
  );
  const [deletion] = unwrap(await admin.deleteAcls([resource]));
  const left = await settled(
    () => admin.describeAcls(resource),
    ({ length }) => length === 0,
  );
  const described = found.map(({ operation }) => operation).sort();
  return { described, deleted: deletion?.deleted.length, left: left.length };
}

async function kafkajsEntries(place: Place, scope: Scope) {
  const admin = kafkajsAt(place, { access: access(place, 'SASL_SSL', 'SCRAM-SHA-512', 'admin') }).admin();
  scope.defer(() => admin.disconnect());
  await admin.connect();
  const resource = { resourceType: AclResourceTypes.TOPIC, resourceName: scope.name() };
  const { READ, WRITE } = AclOperationTypes;
  const rule = { principal: 'User:bob', host: '*', permissionType: AclPermissionTypes.ALLOW };
  const literal = { ...resource, ...rule, resourcePatternType: ResourcePatternTypes.LITERAL };
  await admin.createAcls({ acl: [READ, WRITE].map((operation) => ({ ...literal, operation })) });
  const filter = {
    ...resource,
    resourcePatternType: ResourcePatternTypes.MATCH,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  };
  const look = async () => (await admin.describeAcls(filter)).resources.flatMap(({ acls }) => acls);
  const found = await settled(look, ({ length }) => length === 2);
  const { filterResponses } = await admin.deleteAcls({ filters: [filter] });
  const left = await settled(look, ({ length }) => length === 0);
  return {
    described: found.map(({ operation }) => (operation === READ ? 'read' : 'write')).sort(),
    deleted: filterResponses.flatMap(({ matchingAcls }) => matchingAcls).length,
    left: left.length,
  };
}

async function platformaticEntries(place: Place, scope: Scope) {
  const admin = platformaticAdmin(place, scope, { access: access(place, 'SASL_SSL', 'SCRAM-SHA-512', 'admin') });
  const resource = { resourceType: AclResourceTypes.TOPIC, resourceName: scope.name() } as const;
  const { READ, WRITE, ANY } = AclOperationTypes;
  const rule = { principal: 'User:bob', host: '*', permissionType: AclPermissionTypes.ALLOW } as const;
  const literal = { ...resource, ...rule, resourcePatternType: ResourcePatternTypes.LITERAL } as const;
  await admin.createAcls({ creations: [READ, WRITE].map((operation) => ({ ...literal, operation })) });
  const filter = {
    ...resource,
    resourcePatternType: ResourcePatternTypes.MATCH,
    principal: null,
    host: null,
    operation: ANY,
    permissionType: AclPermissionTypes.ANY,
  } as const;
  const look = async () => (await admin.describeAcls({ filter })).flatMap(({ acls }) => acls);
  const found = await settled(look, ({ length }) => length === 2);
  const deleted = await admin.deleteAcls({ filters: [filter] });
  const left = await settled(look, ({ length }) => length === 0);
  return {
    described: found.map(({ operation }) => (operation === READ ? 'read' : 'write')).sort(),
    deleted: deleted.length,
    left: left.length,
  };
}

function aliceAt(place: Place): Caller {
  return { access: access(place, 'SASL_PLAINTEXT', 'PLAIN', 'alice') };
}

interface Denied {
  /** What alice may do all the time. */
  readonly already: readonly Grant[];
  /** What she is granted between the attempts. */
  granted(topic: string): Grant;
  attempt(topic: string, caller: Caller): Promise<unknown> | undefined;
}

async function beforeAndAfter(driver: Driver, place: Place, scope: Scope, denied: Denied) {
  const topic = await scope.createTopic();
  await driver.produce(place, scope, { topic, messages });
  const attempt = (): Promise<string> => outcomeOf(driver, async () => denied.attempt(topic, aliceAt(place)));
  if (denied.already.length > 0) await grant(place, scope, 'User:alice', denied.already);
  const before = await attempt();
  await grant(place, scope, 'User:alice', [denied.granted(topic)]);
  return { before, after: await attempt() };
}

async function readOne(
  driver: Driver,
  place: Place,
  scope: Scope,
  topic: string,
  caller: Pick<MemberOptions, 'access' | 'protocol'>,
): Promise<unknown> {
  return valuesOf(await driver.readInGroup(place, scope, { topic, group: scope.name('group'), count: 1, ...caller }));
}
