/** How members join a classic group, agree on a protocol, and hand out what is assigned. */
import { findCoordinator, heartbeat, joinGroup } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, RawCluster } from '../matrix/raw-connection.ts';
import { type JoinDraft, protocol, RawMember } from '../matrix/raw-member.ts';
import { settled } from '../matrix/settled.ts';

export const groupJoining: readonly Behaviour[] = [
  {
    name: 'a coordinator is found for groups and transactional ids, by one key or by several, and for nothing else',
    apis: ['FindCoordinator'],
    shows: {
      'a group by version 0': 'NONE a broker',
      'a group by version 1': 'NONE a broker',
      'a group by version 3': 'NONE a broker',
      'keys of type 0': ['KEY: NONE a broker', 'KEY-2: NONE a broker', ': NONE a broker'],
      'keys of type 1': ['KEY: NONE a broker', 'KEY-2: NONE a broker', ': NONE a broker'],
      'keys of type 2': ['KEY: INVALID_REQUEST -1 :-1', 'KEY-2: INVALID_REQUEST -1 :-1', ': INVALID_REQUEST -1 :-1'],
      'keys of type 3': ['KEY: INVALID_REQUEST -1 :-1', 'KEY-2: INVALID_REQUEST -1 :-1', ': INVALID_REQUEST -1 :-1'],
      'keys of type 9': ['KEY: INVALID_REQUEST -1 :-1', 'KEY-2: INVALID_REQUEST -1 :-1', ': INVALID_REQUEST -1 :-1'],
      'type 9 by version 3': 'INVALID_REQUEST -1 :-1',
      'no keys': [],
    },
    by: {
      millrace: async (place, scope) => {
        const cluster = new RawCluster(place, scope);
        const connection = await cluster.any();
        const group = scope.name('group');
        await cluster.coordinator('group', group);
        await cluster.coordinator('transaction', group);
        const seen: Record<string, unknown> = {};
        const told = (each: { errorCode: number; nodeId: number; port: number; host: string }) => {
          const known = place.brokerIds.includes(each.nodeId) && each.port > 0 && each.host === '127.0.0.1';
          return `${errorName(each.errorCode)} ${known ? 'a broker' : `${each.nodeId} ${each.host}:${each.port}`}`;
        };
        for (const version of [0, 1, 3]) {
          const answer = await connection.request(findCoordinator, version, { key: group, keyType: 0 });
          seen[`a group by version ${version}`] = told(answer);
        }
        for (const keyType of [0, 1, 2, 3, 9]) {
          const coordinatorKeys = [group, `${group}-2`, ''];
          const { coordinators } = await connection.request(findCoordinator, 4, { keyType, coordinatorKeys });
          seen[`keys of type ${keyType}`] = coordinators.map(
            ({ key, ...each }) => `${key.replace(group, 'KEY')}: ${told(each)}`,
          );
        }
        const single = await connection.request(findCoordinator, 3, { key: group, keyType: 9 });
        seen['type 9 by version 3'] = told(single);
        const none = await connection.request(findCoordinator, 4, { keyType: 0, coordinatorKeys: [] });
        seen['no keys'] = none.coordinators;
        return seen;
      },
    },
  },
  {
    name: 'a broker that is not the coordinator of a group says so',
    apis: ['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup'],
    shows: ['NOT_COORDINATOR', 'NOT_COORDINATOR'],
    by: {
      millrace: async (place, scope) => {
        const cluster = new RawCluster(place, scope);
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group);
        const { coordinators } = await (await cluster.any()).request(findCoordinator, 4, {
          keyType: 0,
          coordinatorKeys: [group],
        });
        const elsewhere = place.brokerIds.find((nodeId) => nodeId !== coordinators[0]?.nodeId) ?? -1;
        const connection = await cluster.broker(elsewhere);
        const joined = await connection.request(joinGroup, 9, member.draft());
        const beaten = await connection.request(heartbeat, 4, { groupId: group, memberId: 'm', generationId: 1 });
        return [errorName(joined.errorCode), errorName(beaten.errorCode)];
      },
    },
  },
  {
    name: 'a new member gets an id and joins with that, unless it asks by an old version',
    apis: ['JoinGroup'],
    shows: {
      offered: 'MEMBER_ID_REQUIRED -1   does not lead assigns',
      idIsOfTheClient: true,
      joined: 'NONE 1 consumer range leads assigns itself',
      atOnce: 'NONE 1  range leads assigns itself',
    },
    by: {
      millrace: async (place, scope) => {
        const [first, second] = [scope.name('first'), scope.name('second')];
        const member = await RawMember.of(place, scope, first);
        const offered = await member.joinOnce();
        const { memberId } = member;
        const joined = await member.joinOnce();
        const old = await RawMember.of(place, scope, second);
        const atOnce = await old.joinOnce({}, 3);
        const said = ({ errorCode, leader, memberId: id, ...answer }: typeof joined) =>
          [
            errorName(errorCode),
            answer.generationId,
            answer.protocolType,
            answer.protocolName,
            leader === id ? 'leads' : 'does not lead',
            answer.skipAssignment ? 'skips the assignment' : 'assigns',
            ...answer.members.map((each) => (each.memberId === id ? 'itself' : 'another')),
          ].join(' ');
        return {
          offered: said(offered),
          idIsOfTheClient: memberId.startsWith('conformance-'),
          joined: said(joined),
          atOnce: said(atOnce),
        };
      },
    },
  },
  {
    name: 'a join that can not be is refused',
    apis: ['JoinGroup'],
    shows: {
      'an empty group id': 'INVALID_GROUP_ID',
      'an unknown member id': 'UNKNOWN_MEMBER_ID',
      'a session timeout too short': 'INVALID_SESSION_TIMEOUT',
      'a session timeout too long': 'INVALID_SESSION_TIMEOUT',
      'no protocols': 'INCONSISTENT_GROUP_PROTOCOL',
      'no protocol type': 'INCONSISTENT_GROUP_PROTOCOL',
      'another protocol type': 'INCONSISTENT_GROUP_PROTOCOL',
      'no protocol that the others support': 'INCONSISTENT_GROUP_PROTOCOL',
      'a member id of an instance that is not there': 'UNKNOWN_MEMBER_ID',
      'the member that was there': 'NONE',
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group);
        await member.enter();
        const other = await RawMember.of(place, scope, group);
        const wrong: Readonly<Record<string, Partial<JoinDraft>>> = {
          'an empty group id': { groupId: '' },
          'an unknown member id': { memberId: 'nobody' },
          'a session timeout too short': { sessionTimeoutMs: 5_999 },
          'a session timeout too long': { sessionTimeoutMs: 1_800_001 },
          'no protocols': { protocols: [] },
          'no protocol type': { protocolType: '' },
          'another protocol type': { protocolType: 'connect' },
          'no protocol that the others support': { protocols: [protocol('sticky')] },
          'a member id of an instance that is not there': { memberId: 'nobody', groupInstanceId: 'nowhere' },
        };
        const seen: Record<string, unknown> = {};
        for (const [what, changes] of Object.entries(wrong)) {
          try {
            const answer = await other.connection.request(joinGroup, 9, other.draft(changes));
            seen[what] = errorName(answer.errorCode);
          } catch (error) {
            seen[what] = error instanceof Error ? error.name : error;
            break;
          }
        }
        return { ...seen, 'the member that was there': await member.beat() };
      },
    },
  },
  {
    name: 'members agree on the protocol that most vote for, the leader sees all, and hands out assignments',
    apis: ['JoinGroup', 'SyncGroup', 'Heartbeat'],
    shows: {
      'told to the first': 'REBALANCE_IN_PROGRESS',
      joined: ['NONE 2 sticky leads 3', 'NONE 2 sticky follows 0', 'NONE 2 sticky follows 0'],
      'a heartbeat before the assignment': 'NONE',
      assigned: ['NONE consumer sticky 0', 'NONE consumer sticky 1', 'NONE consumer sticky'],
      'asked again': [1],
      heartbeats: ['NONE', 'NONE', 'NONE'],
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const [one, two, three] = await Promise.all([0, 1, 2].map(() => RawMember.of(place, scope, group)));
        if (one === undefined || two === undefined || three === undefined) throw new Error('there are three');
        const votes = (...names: string[]) => ({ protocols: names.map((name) => protocol(name)) });
        await one.enter(undefined, votes('range', 'sticky', 'own'));
        const seen: Record<string, unknown> = {};
        const joining = [two.join(votes('sticky', 'range')), three.join(votes('sticky', 'range', 'other'))];
        // Both are in before the first comes back, so that there is one rebalance.
        await settled(
          async () => (await scope.admin.describeGroups([group]))[0],
          (each) => each?.error === undefined && each?.members.length === 3,
        );
        seen['told to the first'] = await one.beat();
        const again = await one.join(votes('range', 'sticky', 'own'));
        const answers = [again, ...(await Promise.all(joining))];
        seen['joined'] = answers.map(({ errorCode, generationId, protocolName, leader, members, memberId }) => {
          const part = leader === memberId ? 'leads' : 'follows';
          return [errorName(errorCode), generationId, protocolName, part, members.length].join(' ');
        });
        seen['a heartbeat before the assignment'] = await two.beat();
        const sync = { protocolName: 'sticky' };
        const waiting = two.sync([], sync);
        const letters = new Map([one, two, three].map((each, at) => [each.memberId, at]));
        const assignments = [one, two].map(({ memberId }) => ({
          memberId,
          assignment: Uint8Array.of(letters.get(memberId) ?? 9),
        }));
        const led = await one.sync(assignments, sync);
        const told = [led, await waiting, await three.sync([], sync)];
        seen['assigned'] = told.map(({ errorCode, protocolName, protocolType, assignment }) =>
          [errorName(errorCode), protocolType, protocolName, ...assignment].join(' '),
        );
        seen['asked again'] = [...(await two.sync([], sync)).assignment];
        seen['heartbeats'] = [await one.beat(), await two.beat(), await three.beat()];
        return seen;
      },
    },
  },
  {
    name: 'what a member says of an older generation, of another protocol or under an id that nobody has is refused',
    apis: ['SyncGroup', 'Heartbeat'],
    shows: {
      generationId: 2,
      'before anybody joined': ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
      'of an older generation': ['ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'],
      'of a later generation': ['ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'],
      'of nobody': ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
      'of an empty group id': ['INVALID_GROUP_ID', 'INVALID_GROUP_ID'],
      'of another protocol type': 'INCONSISTENT_GROUP_PROTOCOL',
      'of another protocol': 'INCONSISTENT_GROUP_PROTOCOL',
      'without naming a protocol': 'INCONSISTENT_GROUP_PROTOCOL',
      'as it is': ['NONE', 'NONE'],
    },
    by: {
      millrace: async (place, scope) => {
        const member = await RawMember.of(place, scope, scope.name('group'));
        const early = errorName((await member.sync()).errorCode);
        const earlyBeat = await member.beat();
        await member.enter();
        await member.enter();
        const synced = async (changes: Parameters<typeof member.sync>[1]) =>
          errorName((await member.sync([], changes)).errorCode);
        return {
          generationId: member.generationId,
          'before anybody joined': [early, earlyBeat],
          'of an older generation': [await synced({ generationId: 1 }), await member.beat({ generationId: 1 })],
          'of a later generation': [await synced({ generationId: 7 }), await member.beat({ generationId: 7 })],
          'of nobody': [await synced({ memberId: 'nobody' }), await member.beat({ memberId: 'nobody' })],
          'of an empty group id': [await synced({ groupId: '' }), await member.beat({ groupId: '' })],
          'of another protocol type': await synced({ protocolType: 'connect' }),
          'of another protocol': await synced({ protocolName: 'sticky' }),
          'without naming a protocol': await synced({ protocolType: null, protocolName: null }),
          'as it is': [await synced({}), await member.beat()],
        };
      },
    },
  },
  {
    name: 'a rebalance asks all members to join again, and goes on without those who do not',
    apis: ['JoinGroup', 'Heartbeat', 'SyncGroup'],
    shows: {
      told: 'REBALANCE_IN_PROGRESS',
      synced: 'REBALANCE_IN_PROGRESS',
      joined: ['NONE', 2, true],
      'the silent one is gone': 'UNKNOWN_MEMBER_ID',
      'and its sync': 'UNKNOWN_MEMBER_ID',
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const [silent, other] = await Promise.all([0, 1].map(() => RawMember.of(place, scope, group)));
        if (silent === undefined || other === undefined) throw new Error('there are two');
        await silent.enter(undefined, { rebalanceTimeoutMs: 500 });
        const joining = other.join({ rebalanceTimeoutMs: 500 });
        const told = await settled(
          () => silent.beat(),
          (name) => name !== 'NONE',
        );
        const synced = errorName((await silent.sync()).errorCode);
        const joined = await joining;
        return {
          told,
          synced,
          joined: [errorName(joined.errorCode), joined.generationId, joined.leader === other.memberId],
          'the silent one is gone': await silent.beat(),
          'and its sync': errorName((await silent.sync()).errorCode),
        };
      },
    },
  },
];
