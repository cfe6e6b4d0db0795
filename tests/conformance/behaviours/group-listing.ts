/** How classic groups are shown, listed and deleted. */
import { deleteGroups, describeGroups, listGroups } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName } from '../matrix/raw-connection.ts';
import { RawMember } from '../matrix/raw-member.ts';
import { settled } from '../matrix/settled.ts';

export const groupListing: readonly Behaviour[] = [
  {
    name: 'a group is shown with its members while it is prepared, complete and empty, and dead when it is not there',
    apis: ['DescribeGroups'],
    shows: {
      absent: {
        error: 'GROUP_ID_NOT_FOUND',
        message: 'Group GROUP not found.',
        what: 'Dead,,,-2147483648',
        members: [],
      },
      'absent, by version 5': { error: 'NONE', message: null, what: 'Dead,,,3400', members: [] },
      joined: {
        error: 'NONE',
        message: null,
        what: 'CompletingRebalance,consumer,,3400',
        members: [[true, 'instance', 'conformance', [], []]],
      },
      assigned: {
        error: 'NONE',
        message: null,
        what: 'Stable,consumer,range,3400',
        members: [[true, 'instance', 'conformance', [1, 2], [3]]],
      },
      left: { error: 'NONE', message: null, what: 'Empty,consumer,,-2147483648', members: [] },
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group, 'instance');
        const seen: Record<string, unknown> = {};
        const note = async (step: string, state: string, version = 6) => {
          const draft = { groups: [group], includeAuthorizedOperations: version >= 3 };
          const describe = async () => (await member.connection.request(describeGroups, version, draft)).groups[0];
          // Apache Kafka shows what it has stored, which is a little behind.
          const found = await settled(describe, (each) => each?.groupState === state);
          seen[step] = {
            error: errorName(found?.errorCode),
            message: found?.errorMessage?.replaceAll(group, 'GROUP') ?? null,
            what: [found?.groupState, found?.protocolType, found?.protocolData, found?.authorizedOperations].join(),
            members: found?.members.map(({ memberMetadata, memberAssignment, ...each }) => [
              each.memberId === member.memberId,
              each.groupInstanceId,
              each.clientId,
              [...memberMetadata],
              [...memberAssignment],
            ]),
          };
        };
        await note('absent', 'Dead');
        await note('absent, by version 5', 'Dead', 5);
        await member.join({ protocols: [{ name: 'range', metadata: Uint8Array.of(1, 2) }] });
        await note('joined', 'CompletingRebalance');
        await member.sync([{ memberId: member.memberId, assignment: Uint8Array.of(3) }]);
        await note('assigned', 'Stable');
        await member.leave();
        await note('left', 'Empty', 0);
        return seen;
      },
    },
  },
  {
    name: 'groups are listed by state and by type, in whatever case these are written',
    apis: ['ListGroups'],
    shows: {
      'version 0, states , types ': ['NONE', ['consumer', '', '']],
      'version 3, states , types ': ['NONE', ['consumer', '', '']],
      'version 4, states , types ': ['NONE', ['consumer', 'Stable', '']],
      'version 5, states , types ': ['NONE', ['consumer', 'Stable', 'classic']],
      'version 5, states Stable, types ': ['NONE', ['consumer', 'Stable', 'classic']],
      'version 5, states sTABLE,Dead, types ': ['NONE', ['consumer', 'Stable', 'classic']],
      'version 5, states Empty,PreparingRebalance, types ': ['NONE', ['not listed']],
      'version 5, states Nonsense, types ': ['NONE', ['not listed']],
      'version 5, states , types classic': ['NONE', ['consumer', 'Stable', 'classic']],
      'version 5, states , types Classic': ['NONE', ['consumer', 'Stable', 'classic']],
      'version 5, states , types consumer': ['NONE', ['not listed']],
      'version 5, states , types nonsense': ['NONE', ['not listed']],
      'version 5, states Stable, types consumer,classic': ['NONE', ['consumer', 'Stable', 'classic']],
      'version 5, states Empty, types ': ['NONE', ['consumer', 'Empty', 'classic']],
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group);
        await member.enter();
        const seen: Record<string, unknown> = {};
        const note = async (statesFilter: string[], typesFilter: string[], version = 5) => {
          const answer = await member.connection.request(listGroups, version, {
            ...(version >= 4 && { statesFilter }),
            ...(version >= 5 && { typesFilter }),
          });
          const found = answer.groups.find(({ groupId }) => groupId === group);
          const told = found === undefined ? ['not listed'] : [found.protocolType, found.groupState, found.groupType];
          seen[`version ${version}, states ${statesFilter}, types ${typesFilter}`] = [
            errorName(answer.errorCode),
            told,
          ];
        };
        for (const version of [0, 3, 4, 5]) await note([], [], version);
        await note(['Stable'], []);
        await note(['sTABLE', 'Dead'], []);
        await note(['Empty', 'PreparingRebalance'], []);
        await note(['Nonsense'], []);
        await note([], ['classic']);
        await note([], ['Classic']);
        await note([], ['consumer']);
        await note([], ['nonsense']);
        await note(['Stable'], ['consumer', 'classic']);
        await member.leave();
        await note(['Empty'], []);
        return seen;
      },
    },
  },
  {
    name: 'a group is deleted when it has no members, and nothing is when it is not there',
    apis: ['DeleteGroups'],
    shows: {
      absent: ['GROUP GROUP_ID_NOT_FOUND'],
      'with a member': ['GROUP NON_EMPTY_GROUP'],
      'empty, named twice': ['GROUP NONE'],
      deleted: ['GROUP GROUP_ID_NOT_FOUND'],
    },
    by: {
      millrace: async (place, scope) => {
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group);
        const request = async (groupsNames: string[]) => {
          const { results } = await member.connection.request(deleteGroups, 2, { groupsNames });
          const told = results.map(
            ({ groupId, errorCode }) => `${groupId.replace(group, 'GROUP')} ${errorName(errorCode)}`,
          );
          return told.sort();
        };
        const seen: Record<string, unknown> = { absent: await request([group]) };
        await member.enter();
        seen['with a member'] = await request([group]);
        await member.leave();
        seen['empty, named twice'] = await request([group, group]);
        seen['deleted'] = await request([group]);
        return seen;
      },
    },
  },
];
