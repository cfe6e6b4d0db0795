/** Access control entries by raw requests: how they are made, found and deleted, and which of them decides. */
import {
  createAcls,
  deleteAcls,
  describeAcls,
  describeCluster,
  describeGroups,
  metadata,
  type RequestDraft,
} from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import { errorName, RawCluster } from '../matrix/raw-connection.ts';
import { RawMember } from '../matrix/raw-member.ts';
import { anyEntry, RawUser } from '../matrix/raw-user.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

type Creation = RequestDraft<typeof createAcls>['creations'][number];
type Filter = RequestDraft<typeof describeAcls>;

/** Of topic resources: literal, `READ`, `ALLOW`. */
const literalRead = { resourceType: 2, resourcePatternType: 3, host: '*', operation: 3, permissionType: 3 };

/** What creating an entry is answered that differs from a good one as said. */
async function createAltered(place: Place, scope: Scope, all: Readonly<Record<string, Partial<Creation>>>) {
  const good: Creation = { ...literalRead, resourceName: scope.name(), principal: `User:${scope.name('user')}` };
  const connection = await new RawCluster(place, scope).any();
  const seen: Record<string, unknown> = {};
  for (const [what, changes] of Object.entries(all)) {
    const { results } = await connection.request(createAcls, 3, { creations: [{ ...good, ...changes }] });
    seen[what] = results.map(({ errorCode }) => errorName(errorCode)).join(' ');
  }
  await connection.request(deleteAcls, 3, { filters: [{ ...anyEntry, principalFilter: good.principal }] });
  return seen;
}

export const permissionEntries: readonly Behaviour[] = [
  {
    name: 'entries that can not be are refused',
    apis: ['CreateAcls'],
    profile: 'secured',
    shows: {
      'no resource name': 'INVALID_REQUEST',
      'a principal without type': 'INVALID_REQUEST',
      'an unknown resource': 'INVALID_REQUEST',
      'an unknown operation': 'INVALID_REQUEST',
      'an operation that topics have not': 'NONE',
      'a cluster of another name': 'INVALID_REQUEST',
      'a prefix of topics': 'NONE',
    },
    by: {
      millrace: (place, scope) =>
        createAltered(place, scope, {
          'no resource name': { resourceName: '' },
          'a principal without type': { principal: 'alice' },
          'an unknown resource': { resourceType: 99 },
          'an unknown operation': { operation: 99 },
          'an operation that topics have not': { operation: 12 },
          'a cluster of another name': { resourceType: 4, resourceName: 'other', operation: 8 },
          'a prefix of topics': { resourcePatternType: 4 },
        }),
    },
  },
  {
    name: 'entries with what only filters may have are refused',
    apis: ['CreateAcls'],
    profile: 'secured',
    shows: new ListedDifference('an access control entry with what only filters may have', {
      embedded: {
        'any resource': 'INVALID_REQUEST',
        'any pattern': 'INVALID_REQUEST',
        'the pattern of matches': 'INVALID_REQUEST',
        'any operation': 'INVALID_REQUEST',
        'any permission': 'INVALID_REQUEST',
      },
      kafka: {
        'any resource': 'UNKNOWN_SERVER_ERROR',
        'any pattern': 'UNKNOWN_SERVER_ERROR',
        'the pattern of matches': 'UNKNOWN_SERVER_ERROR',
        'any operation': 'UNKNOWN_SERVER_ERROR',
        'any permission': 'UNKNOWN_SERVER_ERROR',
      },
    }),
    by: {
      millrace: (place, scope) =>
        createAltered(place, scope, {
          'any resource': { resourceType: 1 },
          'any pattern': { resourcePatternType: 1 },
          'the pattern of matches': { resourcePatternType: 2 },
          'any operation': { operation: 1 },
          'any permission': { permissionType: 1 },
        }),
    },
  },
  {
    name: 'entries are found by resource, pattern, principal, host, operation and permission, and deleted by the same',
    apis: ['CreateAcls', 'DescribeAcls', 'DeleteAcls'],
    profile: 'secured',
    shows: {
      all: ['2 * 3 * 6 2', '2 NAME 3 * 3 3', '2 NAME 3 127.0.0.1 4 2', '2 PREFIX 4 * 8 3', '3 NAME 3 * 3 3'],
      topics: ['2 * 3 * 6 2', '2 NAME 3 * 3 3', '2 NAME 3 127.0.0.1 4 2', '2 PREFIX 4 * 8 3'],
      'a name, any pattern': ['2 NAME 3 * 3 3', '2 NAME 3 127.0.0.1 4 2', '3 NAME 3 * 3 3'],
      'a name, literal': ['2 NAME 3 * 3 3', '2 NAME 3 127.0.0.1 4 2', '3 NAME 3 * 3 3'],
      'what applies to a name': [
        '2 * 3 * 6 2',
        '2 NAME 3 * 3 3',
        '2 NAME 3 127.0.0.1 4 2',
        '2 PREFIX 4 * 8 3',
        '3 NAME 3 * 3 3',
      ],
      prefixes: ['2 PREFIX 4 * 8 3'],
      'a host': ['2 NAME 3 127.0.0.1 4 2'],
      'an operation': ['2 NAME 3 * 3 3', '3 NAME 3 * 3 3'],
      denials: ['2 * 3 * 6 2', '2 NAME 3 127.0.0.1 4 2'],
      'another principal': [],
      'an unknown resource': [],
      'an unknown pattern': [],
      'deleted by operation': [['NONE', '2 NAME 3 * 3 3', '3 NAME 3 * 3 3']],
      'deleted once more': [['NONE']],
      deleted: [['NONE', '2 * 3 * 6 2', '2 NAME 3 127.0.0.1 4 2', '2 PREFIX 4 * 8 3']],
    },
    by: {
      millrace: async (place, scope) => {
        const name = scope.name();
        const principal = `User:${scope.name('user')}`;
        const connection = await new RawCluster(place, scope).any();
        const entry = { ...literalRead, resourceName: name, principal };
        const creations: Creation[] = [
          entry,
          { ...entry, operation: 4, permissionType: 2, host: '127.0.0.1' },
          { ...entry, resourceName: name.slice(0, -2), resourcePatternType: 4, operation: 8 },
          { ...entry, resourceName: '*', operation: 6, permissionType: 2 },
          { ...entry, resourceType: 3 },
        ];
        await connection.request(createAcls, 3, { creations });
        const own = { ...anyEntry, principalFilter: principal };
        const told = (each: Omit<Creation, 'resourcePatternType'> & { patternType: number }): string => {
          const resource = each.resourceName === name ? 'NAME' : each.resourceName === '*' ? '*' : 'PREFIX';
          return [each.resourceType, resource, each.patternType, each.host, each.operation, each.permissionType].join(
            ' ',
          );
        };
        const find = async (changes: Partial<Filter>) => {
          const answer = await connection.request(describeAcls, 3, { ...own, ...changes });
          const found = answer.resources.flatMap(({ acls, ...resource }) =>
            acls.map((acl) => told({ ...resource, ...acl })),
          );
          return answer.errorCode === 0 ? found.sort() : errorName(answer.errorCode);
        };
        const seen: Record<string, unknown> = {};
        seen['all'] = await settled(
          () => find({}),
          (found) => found.length === creations.length,
        );
        const filters: Readonly<Record<string, Partial<Filter>>> = {
          topics: { resourceTypeFilter: 2 },
          'a name, any pattern': { resourceNameFilter: name },
          'a name, literal': { resourceNameFilter: name, patternTypeFilter: 3 },
          'what applies to a name': { resourceNameFilter: name, patternTypeFilter: 2 },
          prefixes: { patternTypeFilter: 4 },
          'a host': { hostFilter: '127.0.0.1' },
          'an operation': { operation: 3 },
          denials: { permissionType: 2 },
          'another principal': { principalFilter: `User:${scope.name('nobody')}` },
          'an unknown resource': { resourceTypeFilter: 99 },
          'an unknown pattern': { patternTypeFilter: 99 },
        };
        for (const [what, changes] of Object.entries(filters)) seen[what] = await find(changes);
        const removed = async (changes: Partial<Filter>) => {
          const answer = await connection.request(deleteAcls, 3, { filters: [{ ...own, ...changes }] });
          return answer.filterResults.map((each) => [errorName(each.errorCode), ...each.matchingAcls.map(told).sort()]);
        };
        seen['deleted by operation'] = await removed({ operation: 3 });
        seen['deleted once more'] = await removed({ operation: 3 });
        seen['deleted'] = await removed({});
        return seen;
      },
    },
  },
  {
    name: 'a denial wins over what is allowed, prefixes and the wildcard count, and other hosts and principals do not',
    apis: ['Metadata', 'CreateAcls'],
    profile: 'secured',
    shows: {
      allowed: 'NONE',
      'allowed by a prefix': 'NONE',
      'a prefix of others': 'TOPIC_AUTHORIZATION_FAILED',
      'the prefix as a literal name': 'TOPIC_AUTHORIZATION_FAILED',
      'allowed from here': 'NONE',
      'allowed from elsewhere': 'TOPIC_AUTHORIZATION_FAILED',
      'allowed to another': 'TOPIC_AUTHORIZATION_FAILED',
      'allowed and denied': 'TOPIC_AUTHORIZATION_FAILED',
      'allowed, and all denied by a prefix': 'TOPIC_AUTHORIZATION_FAILED',
      'allowed, and denied elsewhere': 'NONE',
      'reading allowed, describing denied': 'TOPIC_AUTHORIZATION_FAILED',
      'all allowed, writing denied': 'NONE',
      'a group before': 'GROUP_AUTHORIZATION_FAILED',
      'allowed to everybody': 'GROUP_ID_NOT_FOUND',
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const resource = { resourceType: 'topic', resourceName: topic, operation: 'describe' } as const;
        const prefixed = { ...resource, resourceName: topic.slice(0, -3), patternType: 'prefixed' } as const;
        const seen: Record<string, unknown> = {};
        const entries: Readonly<Record<string, readonly Parameters<RawUser['entry']>[0][]>> = {
          allowed: [resource],
          'allowed by a prefix': [prefixed],
          'a prefix of others': [{ ...prefixed, resourceName: `${topic}-more` }],
          'the prefix as a literal name': [{ ...prefixed, patternType: 'literal' }],
          'allowed from here': [{ ...resource, host: '127.0.0.1' }],
          'allowed from elsewhere': [{ ...resource, host: '10.0.0.1' }],
          'allowed to another': [{ ...resource, principal: 'User:nobody' }],
          'allowed and denied': [resource, { ...resource, permission: 'deny' }],
          'allowed, and all denied by a prefix': [resource, { ...prefixed, operation: 'all', permission: 'deny' }],
          'allowed, and denied elsewhere': [resource, { ...resource, host: '10.0.0.1', permission: 'deny' }],
          'reading allowed, describing denied': [
            { ...resource, operation: 'read' },
            { ...resource, permission: 'deny' },
          ],
          'all allowed, writing denied': [
            { ...resource, operation: 'all' },
            { ...resource, operation: 'write', permission: 'deny' },
          ],
        };
        for (const [at, [what, given]] of Object.entries(entries).entries()) {
          const user = new RawUser(place, scope, scope.name(`user-${at}`));
          for (const each of given) await user.entry(each);
          const draft = { topics: [{ name: topic }], allowAutoTopicCreation: false };
          const answer = await (await user.to('any')).request(metadata, 12, draft);
          seen[what] = errorName(answer.topics[0]?.errorCode);
        }
        const everybody = new RawUser(place, scope, '*');
        const group = scope.name('group');
        await RawMember.of(place, scope, group);
        const somebody = new RawUser(place, scope, scope.name('somebody'));
        const look = () => somebody.errorsOf({ group }, describeGroups, 6, { groups: [group] });
        seen['a group before'] = await look();
        await everybody.entry({ resourceType: 'group', resourceName: group, operation: 'describe' });
        seen['allowed to everybody'] = await look();
        return seen;
      },
    },
  },
  {
    name: 'who asks is told what it may do to topics, groups and the cluster, and sees only what it may describe',
    apis: ['Metadata', 'DescribeGroups', 'DescribeCluster'],
    profile: 'secured',
    shows: {
      topics: [[true, [3, 8]]],
      'the other is there': false,
      groups: [[6, 8]],
      cluster: [[], [], [5, 7, 8, 9, 10, 11, 12]],
    },
    by: {
      millrace: async (place, scope) => {
        const topic = await scope.createTopic();
        const hidden = await scope.createTopic({ topic: scope.name('hidden') });
        const group = scope.name('group');
        const member = await RawMember.of(place, scope, group);
        await member.enter();
        const user = new RawUser(place, scope);
        await user.entry({ resourceType: 'topic', resourceName: topic, operation: 'read' });
        await user.entry({ resourceType: 'group', resourceName: group, operation: 'delete' });
        const connection = await user.to('any');
        const all = await connection.request(metadata, 12, { topics: null, includeTopicAuthorizedOperations: true });
        const draft = { groups: [group], includeAuthorizedOperations: true };
        const described = await (await user.to({ group })).request(describeGroups, 6, draft);
        const cluster = async (asked: RawUser) => {
          const answer = await (await asked.to('any')).request(describeCluster, 1, {
            includeClusterAuthorizedOperations: true,
          });
          return bits(answer.clusterAuthorizedOperations);
        };
        const operator = new RawUser(place, scope, scope.name('operator'));
        await operator.entry({ resourceType: 'cluster', resourceName: 'kafka-cluster', operation: 'alter-configs' });
        return {
          topics: all.topics.map(({ name, topicAuthorizedOperations }) => [
            name === topic,
            bits(topicAuthorizedOperations),
          ]),
          'the other is there': all.topics.some(({ name }) => name === hidden),
          groups: described.groups.map(({ authorizedOperations }) => bits(authorizedOperations)),
          cluster: [await cluster(user), await cluster(operator), await cluster(new RawUser(place, scope, 'admin'))],
        };
      },
    },
  },
];

/** The numbers of the operations in a set of them. */
function bits(set: number | undefined): number[] {
  return Array.from({ length: 31 }, (_, at) => at).filter((at) => ((set ?? 0) & (1 << at)) !== 0);
}
