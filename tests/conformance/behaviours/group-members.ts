/** Members of classic groups that leave, that have an instance id, or that fall silent. */
import { joinGroup, leaveGroup } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { type JoinAnswer, protocol, RawMember } from '../matrix/raw-member.ts';
import { settled } from '../matrix/settled.ts';

const nobody = { memberId: 'nobody', groupInstanceId: null, reason: null };

export const groupMembers: readonly Behaviour[] = [
  {
    name: 'several members leave by one request, each answered for itself, and the others rebalance',
    apis: ['LeaveGroup', 'Heartbeat'],
    shows: {
      'leaving a group that is not there': ['NONE', 'UNKNOWN_MEMBER_ID'],
      'leaving as another': ['NONE', 'FENCED_INSTANCE_ID', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
      'heartbeats after that': ['NONE', 'NONE'],
      leaving: ['NONE', 'NONE', 'UNKNOWN_MEMBER_ID'],
      'heartbeats of both': ['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'],
      'leaving twice': ['NONE', 'UNKNOWN_MEMBER_ID'],
      'an empty group id': 'INVALID_GROUP_ID',
      'by an old version': ['UNKNOWN_MEMBER_ID', 'NONE'],
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const one = await RawMember.of(place, scope, group);
        const two = await RawMember.of(place, scope, group, 'instance');
        const seen: Record<string, unknown> = {};
        seen['leaving a group that is not there'] = await one.leave([nobody]);
        await one.enter();
        const joining = two.join();
        await settled(
          () => one.beat(),
          (name) => name === 'REBALANCE_IN_PROGRESS',
        );
        await one.join();
        await joining;
        await one.sync();
        await two.sync();
        const byInstance = { memberId: '', groupInstanceId: 'instance', reason: 'for a test' };
        const ofAnother = { memberId: one.memberId, groupInstanceId: 'instance', reason: null };
        const absent = { memberId: '', groupInstanceId: 'nowhere', reason: null };
        seen['leaving as another'] = await one.leave([ofAnother, absent, nobody]);
        seen['heartbeats after that'] = [await one.beat(), await two.beat()];
        seen['leaving'] = await one.leave([byInstance, nobody]);
        seen['heartbeats of both'] = [await one.beat(), await two.beat()];
        seen['leaving twice'] = await two.leave();
        seen['an empty group id'] = errorName(
          (await two.connection.request(leaveGroup, 5, { groupId: '', members: [nobody] })).errorCode,
        );
        const old = await one.connection.request(leaveGroup, 2, { groupId: group, memberId: 'nobody' });
        const last = await one.connection.request(leaveGroup, 2, { groupId: group, memberId: one.memberId });
        seen['by an old version'] = [errorName(old.errorCode), errorName(last.errorCode)];
        return seen;
      },
    },
  },
  {
    name: 'a static member comes back under a new id without a rebalance, and who it was before is fenced',
    apis: ['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup'],
    shows: {
      joined: { error: 'NONE', generationId: 1, leads: true, skipAssignment: false, instances: ['instance'] },
      'joined again': { error: 'NONE', generationId: 1, leads: true, skipAssignment: true, instances: ['instance'] },
      'is another id': true,
      assigned: [7],
      before: {
        heartbeat: 'FENCED_INSTANCE_ID',
        sync: 'FENCED_INSTANCE_ID',
        join: 'FENCED_INSTANCE_ID',
        leave: ['NONE', 'FENCED_INSTANCE_ID'],
      },
      after: 'NONE',
      'joined with another protocol': {
        error: 'INCONSISTENT_GROUP_PROTOCOL',
        generationId: -1,
        leads: true,
        skipAssignment: false,
        instances: [],
      },
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const before = await RawMember.of(place, scope, group, 'instance');
        const told = ({ errorCode, generationId, leader, memberId, members, skipAssignment }: JoinAnswer) => ({
          error: errorName(errorCode),
          generationId,
          leads: leader === memberId,
          skipAssignment,
          instances: members.map(({ groupInstanceId }) => groupInstanceId),
        });
        const seen: Record<string, unknown> = {};
        seen['joined'] = told(await before.joinOnce());
        await before.sync([{ memberId: before.memberId, assignment: Uint8Array.of(7) }]);
        const after = await RawMember.of(place, scope, group, 'instance');
        seen['joined again'] = told(await after.joinOnce());
        seen['is another id'] = after.memberId !== before.memberId;
        seen['assigned'] = [...(await after.sync()).assignment];
        seen['before'] = {
          heartbeat: await before.beat(),
          sync: errorName((await before.sync()).errorCode),
          join: errorName((await before.connection.request(joinGroup, 9, before.draft())).errorCode),
          leave: await before.leave(),
        };
        seen['after'] = await after.beat();
        const older = await RawMember.of(place, scope, group, 'instance');
        seen['joined with another protocol'] = told(await older.joinOnce({ protocols: [protocol('sticky')] }));
        return seen;
      },
    },
  },
  {
    name: 'a member that sends no heartbeat is gone after its session timeout',
    apis: ['JoinGroup', 'Heartbeat', 'DescribeGroups'],
    shows: ['Stable', 'Empty', 'UNKNOWN_MEMBER_ID'],
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group);
        await member.enter(undefined, { sessionTimeoutMs: 6_000 });
        const stateOf = async () => (await scope.admin.describeGroups([group]))[0];
        const before = await stateOf();
        const after = await settled(stateOf, (each) => each?.error === undefined && each?.state === 'Empty');
        return [before, after]
          .map((each) => (each?.error === undefined ? each?.state : each.error))
          .concat([await member.beat()]);
      },
    },
  },
];
