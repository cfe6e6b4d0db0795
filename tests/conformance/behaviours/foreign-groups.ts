/** What admins of foreign clients see of groups and their offsets, and do to them. */
import { FindCoordinatorKeyTypes } from '@platformatic/kafka';
import { type Driver, outcomeOf, valuesOf } from '../drivers/driver.ts';
import { kafkajs, kafkajsAdmin } from '../drivers/kafkajs.ts';
import { platformatic, platformaticAdmin } from '../drivers/platformatic.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import { RawMember } from '../matrix/raw-member.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const messages = ['0', '1', '2', '3', '4'].map((value) => ({ value }));

export const foreignGroups: readonly Behaviour[] = [
  {
    name: 'a foreign admin lists and describes a group, and deletes it once nobody is in it',
    apis: ['ListGroups', 'DescribeGroups', 'DeleteGroups', 'FindCoordinator'],
    shows: {
      listed: true,
      described: 'Stable consumer 1',
      busy: 'NON_EMPTY_GROUP',
      left: 'Empty consumer 0',
      deleted: 'done',
      again: 'GROUP_ID_NOT_FOUND',
      'listed after that': false,
    },
    by: {
      kafkajs: async (place, scope) => lives(kafkajs, place, scope, await kafkajsGroups(place, scope)),
      '@platformatic/kafka': (place, scope) => lives(platformatic, place, scope, platformaticGroups(place, scope)),
    },
  },
  {
    name: 'a foreign admin fetches the offsets of a group, and sets them where it goes on',
    apis: ['OffsetFetch', 'OffsetCommit'],
    shows: { unread: [], committed: [5], set: [2], readAgain: ['2', '3', '4'] },
    by: {
      kafkajs: async (place, scope) => offsets(kafkajs, place, scope, await kafkajsGroups(place, scope)),
      '@platformatic/kafka': (place, scope) => offsets(platformatic, place, scope, platformaticGroups(place, scope)),
    },
  },
  {
    name: 'a foreign admin has a group begin again at the start',
    apis: ['OffsetFetch', 'OffsetCommit', 'ListOffsets'],
    shows: { committed: [5], reset: [0], readAgain: ['0', '1', '2', '3', '4'] },
    by: {
      async kafkajs(place, scope) {
        const { topic, group } = await readAll(kafkajs, place, scope);
        const admin = await kafkajsAdmin(place, scope);
        const { fetch } = await kafkajsGroups(place, scope);
        const committed = await fetch(group, topic);
        await admin.resetOffsets({ groupId: group, topic, earliest: true });
        const resolved = await admin.fetchOffsets({ groupId: group, topics: [topic], resolveOffsets: true });
        const reset = resolved.flatMap(({ partitions }) => partitions.map(({ offset }) => Number(offset)));
        return { committed, reset, readAgain: await readOn(kafkajs, place, scope, { topic, group, count: 5 }) };
      },
    },
  },
  {
    name: 'a foreign admin deletes the offsets of a group, which then begins at the start',
    apis: ['OffsetFetch', 'OffsetDelete'],
    shows: { committed: [5], deleted: [0], left: [], readAgain: ['0', '1', '2', '3', '4'] },
    by: {
      async '@platformatic/kafka'(place, scope) {
        const { topic, group } = await readAll(platformatic, place, scope);
        const admin = platformaticAdmin(place, scope);
        const { fetch } = platformaticGroups(place, scope);
        const committed = await fetch(group, topic);
        const topics = [{ name: topic, partitionIndexes: [0] }];
        const deleted = (await admin.deleteConsumerGroupOffsets({ groupId: group, topics })).flatMap(
          ({ partitionIndexes }) => partitionIndexes,
        );
        const left = await fetch(group, topic);
        const readAgain = await readOn(platformatic, place, scope, { topic, group, count: 5 });
        return { committed, deleted, left, readAgain };
      },
    },
  },
  {
    name: 'a foreign admin finds the coordinators of groups and of transactional ids',
    apis: ['FindCoordinator'],
    shows: [true, true],
    by: {
      async '@platformatic/kafka'(place, scope) {
        const admin = platformaticAdmin(place, scope);
        const { GROUP, TRANSACTION } = FindCoordinatorKeyTypes;
        const coordinated = async (keyType: typeof GROUP | typeof TRANSACTION): Promise<boolean> => {
          const [found] = await admin.findCoordinator({ keyType, keys: [scope.name('key')] });
          const address = `${found?.host}:${found?.port}`;
          return place.bootstrap().split(',').includes(address) && place.brokerIds.includes(found?.nodeId ?? -1);
        };
        return [await coordinated(GROUP), await coordinated(TRANSACTION)];
      },
    },
  },
  {
    name: 'a foreign admin puts the members of a group out, who are not known any more then',
    apis: ['LeaveGroup', 'DescribeGroups'],
    shows: { before: 'NONE', removed: 'done', after: 'UNKNOWN_MEMBER_ID', left: 'Empty consumer 0' },
    by: {
      // kafkajs can delete groups alone.
      async '@platformatic/kafka'(place, scope) {
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group);
        await member.enter();
        const before = await member.beat();
        const admin = platformaticAdmin(place, scope);
        const members = [{ memberId: member.memberId, reason: 'for a test' }];
        const removed = await outcomeOf(platformatic, () =>
          admin.removeMembersFromConsumerGroup({ groupId: group, members }),
        );
        const { describe } = platformaticGroups(place, scope);
        return { before, removed, after: await member.beat(), left: await describe(group) };
      },
    },
  },
];

/** What both admins have for groups, in one form. */
interface Groups {
  listed(group: string): Promise<boolean>;
  /** State, protocol type and number of members. */
  describe(group: string): Promise<string>;
  delete(group: string): Promise<unknown>;
  /** The offsets of a topic that are committed. */
  fetch(group: string, topic: string): Promise<number[]>;
  /** In partition 0. */
  set(group: string, topic: string, offset: number): Promise<void>;
}

async function lives(driver: Driver, place: Place, scope: Scope, groups: Groups) {
  const topic = await scope.createTopic();
  const group = scope.name('group');
  const member = await driver.join(place, scope, { topic, group });
  const described = await settled(
    () => groups.describe(group),
    (state) => state.endsWith(' 1') && state.startsWith('Stable'),
  );
  const listed = await groups.listed(group);
  const busy = await outcomeOf(driver, () => groups.delete(group));
  await member.leave();
  const left = await settled(
    () => groups.describe(group),
    (state) => state.startsWith('Empty'),
  );
  return {
    listed,
    described,
    busy,
    left,
    deleted: await outcomeOf(driver, () => groups.delete(group)),
    again: await outcomeOf(driver, () => groups.delete(group)),
    'listed after that': await groups.listed(group),
  };
}

async function offsets(driver: Driver, place: Place, scope: Scope, groups: Groups) {
  const unread = await groups.fetch(scope.name('nobody'), await scope.createTopic({ topic: scope.name('other') }));
  const { topic, group } = await readAll(driver, place, scope);
  const committed = await groups.fetch(group, topic);
  await groups.set(group, topic, 2);
  const set = await groups.fetch(group, topic);
  return { unread, committed, set, readAgain: await readOn(driver, place, scope, { topic, group, count: 3 }) };
}

/** A group that has read a topic to its end. */
async function readAll(driver: Driver, place: Place, scope: Scope) {
  const [topic, group] = [await scope.createTopic(), scope.name('group')];
  await driver.produce(place, scope, { topic, messages });
  await driver.readInGroup(place, scope, { topic, group, count: messages.length });
  return { topic, group };
}

async function readOn(
  driver: Driver,
  place: Place,
  scope: Scope,
  options: { readonly topic: string; readonly group: string; readonly count: number },
): Promise<(string | null)[]> {
  return valuesOf(await driver.readInGroup(place, scope, options));
}

async function kafkajsGroups(place: Place, scope: Scope): Promise<Groups> {
  const admin = await kafkajsAdmin(place, scope);
  return {
    listed: async (group) => (await admin.listGroups()).groups.some(({ groupId }) => groupId === group),
    async describe(group) {
      const [found] = (await admin.describeGroups([group])).groups;
      return `${found?.state} ${found?.protocolType} ${found?.members.length}`;
    },
    delete: (group) => admin.deleteGroups([group]),
    async fetch(groupId, topic) {
      const found = await admin.fetchOffsets({ groupId, topics: [topic] });
      const all = found.flatMap(({ partitions }) => partitions.map(({ offset }) => Number(offset)));
      return all.filter((offset) => offset !== -1);
    },
    set: (groupId, topic, offset) =>
      admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: `${offset}` }] }),
  };
}

function platformaticGroups(place: Place, scope: Scope): Groups {
  const admin = platformaticAdmin(place, scope);
  return {
    listed: async (group) => (await admin.listGroups({ types: ['classic'] })).has(group),
    async describe(group) {
      const found = (await admin.describeGroups({ groups: [group] })).get(group);
      const state = `${found?.state[0]}${found?.state.slice(1).toLowerCase()}`;
      return `${state} ${found?.protocolType} ${found?.members.size}`;
    },
    delete: (group) => admin.deleteGroups({ groups: [group] }),
    async fetch(group, topic) {
      const groups = [{ groupId: group, topics: [{ name: topic, partitionIndexes: [0] }] }];
      const topics = (await admin.listConsumerGroupOffsets({ groups })).flatMap((each) => each.topics);
      const all = topics.flatMap(({ partitions }) => partitions.map(({ committedOffset }) => Number(committedOffset)));
      return all.filter((offset) => offset !== -1);
    },
    set: (groupId, topic, offset) =>
      admin.alterConsumerGroupOffsets({
        groupId,
        topics: [{ name: topic, partitionOffsets: [{ partition: 0, offset: BigInt(offset) }] }],
      }),
  };
}
