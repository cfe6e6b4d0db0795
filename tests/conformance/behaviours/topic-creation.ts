/** Topics as they are created, and what is refused. */
import { createTopics, metadata, type RequestDraft, type ResponseOf } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';

type NewTopicDraft = RequestDraft<typeof createTopics>['topics'][number];
type Created = ResponseOf<typeof createTopics>['topics'][number];

const plain = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
const noId = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Creates topics in one request. */
async function create(
  connection: RawConnection,
  topics: readonly NewTopicDraft[],
  validateOnly = false,
): Promise<readonly Created[]> {
  return (await connection.request(createTopics, 7, { topics, validateOnly })).topics;
}

async function outcomesOfCreation(
  connection: RawConnection,
  cases: Readonly<Record<string, NewTopicDraft>>,
): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [title, topic] of Object.entries(cases)) {
    outcomes[title] = errorName((await create(connection, [topic]))[0]?.errorCode);
  }
  return outcomes;
}

const assignmentOf = (...replicas: readonly (readonly number[])[]) =>
  replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));

export const topicCreation: readonly Behaviour[] = [
  {
    name: 'a topic is created with the partitions, replicas and configuration that were asked for, and has an id',
    apis: ['CreateTopics', 'Metadata'],
    shows: {
      error: 'NONE',
      partitions: 3,
      replicationFactor: 2,
      configs: [['cleanup.policy', 'compact', 1]],
      described: [2, 2, 2],
      sameId: true,
    },
    by: raw(async (cluster, scope) => {
      const name = scope.name();
      const configs = [{ name: 'cleanup.policy', value: 'compact' }];
      const draft = { ...plain, name, numPartitions: 3, replicationFactor: 2, configs };
      const [made] = await create(await cluster.any(), [draft]);
      const partitions = await Promise.all([0, 1, 2].map((index) => cluster.partition(name, index)));
      return {
        error: errorName(made?.errorCode),
        partitions: made?.numPartitions,
        replicationFactor: made?.replicationFactor,
        configs: made?.configs
          ?.filter((config) => config.configSource === 1)
          .map((config) => [config.name, config.value, config.configSource]),
        described: partitions.map(({ replicaNodes }) => new Set(replicaNodes).size),
        sameId: made?.topicId === partitions[0]?.topicId && made?.topicId !== noId,
      };
    }),
  },
  {
    name: 'a topic that names no counts gets the defaults of the brokers',
    apis: ['CreateTopics'],
    shows: { error: 'NONE', partitions: 1, replicationFactor: 3 },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const draft = { ...plain, name: scope.name(), numPartitions: -1, replicationFactor: -1 };
      const [made] = await create(connection, [draft]);
      const { errorCode, numPartitions, replicationFactor } = made ?? {};
      return { error: errorName(errorCode), partitions: numPartitions, replicationFactor };
    }),
  },
  {
    name: 'names that no topic may have are refused',
    apis: ['CreateTopics'],
    shows: {
      empty: 'INVALID_TOPIC_EXCEPTION',
      dot: 'INVALID_TOPIC_EXCEPTION',
      dots: 'INVALID_TOPIC_EXCEPTION',
      'too long': 'INVALID_TOPIC_EXCEPTION',
      space: 'INVALID_TOPIC_EXCEPTION',
      umlaut: 'INVALID_TOPIC_EXCEPTION',
    },
    by: raw(async (cluster, _scope) => {
      const names = { empty: '', dot: '.', dots: '..', 'too long': 'x'.repeat(250), space: 'a b', umlaut: 'ä' };
      const drafts = Object.entries(names).map(([title, name]) => [title, { ...plain, name }] as const);
      return await outcomesOfCreation(await cluster.any(), Object.fromEntries(drafts));
    }),
  },
  {
    name: 'a name that is taken, or that metrics could not tell from one that is, is refused',
    apis: ['CreateTopics'],
    shows: { again: 'TOPIC_ALREADY_EXISTS', alike: 'INVALID_TOPIC_EXCEPTION', 'alike too': 'INVALID_TOPIC_EXCEPTION' },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = scope.name();
      const of = (infix: string): NewTopicDraft => ({ ...plain, name: `${name}${infix}x` });
      await create(connection, [of('.'), of('.y_')]);
      return await outcomesOfCreation(connection, { again: of('.'), alike: of('_'), 'alike too': of('_y.') });
    }),
  },
  {
    name: 'counts that no topic may have are refused',
    apis: ['CreateTopics'],
    shows: {
      'no partitions': 'INVALID_PARTITIONS',
      'partitions below zero': 'INVALID_PARTITIONS',
      'no replicas': 'INVALID_REPLICATION_FACTOR',
      'more replicas than brokers': 'INVALID_REPLICATION_FACTOR',
    },
    by: raw(async (cluster, scope) => {
      const name = scope.name();
      return await outcomesOfCreation(await cluster.any(), {
        'no partitions': { ...plain, name, numPartitions: 0 },
        'partitions below zero': { ...plain, name, numPartitions: -2 },
        'no replicas': { ...plain, name, replicationFactor: 0 },
        'more replicas than brokers': { ...plain, name, replicationFactor: 4 },
      });
    }),
  },
  {
    name: 'a configuration that is unknown, malformed or null is refused at creation',
    apis: ['CreateTopics'],
    shows: {
      unknown: 'INVALID_CONFIG',
      malformed: 'INVALID_CONFIG',
      'not among the choices': 'INVALID_CONFIG',
      'out of range': 'INVALID_CONFIG',
      'no value': 'INVALID_CONFIG',
      'one for another': 'INVALID_CONFIG',
    },
    by: raw(async (cluster, scope) => {
      const name = scope.name();
      const of = (config: string, value: string | null): NewTopicDraft => {
        return { ...plain, name, configs: [{ name: config, value }] };
      };
      return await outcomesOfCreation(await cluster.any(), {
        unknown: of('no.such.configuration', '1'),
        malformed: of('retention.ms', 'long'),
        'not among the choices': of('cleanup.policy', 'burn'),
        'out of range': of('min.insync.replicas', '0'),
        'no value': of('retention.ms', null),
        'one for another': of('log.retention.ms', '1000'),
      });
    }),
  },
  {
    name: 'a topic may be created with replicas assigned by its creator, first of them leading',
    apis: ['CreateTopics', 'Metadata'],
    shows: {
      error: 'NONE',
      replicas: [
        [3, 1],
        [2, 3],
      ],
      leaders: [3, 2],
    },
    by: raw(async (cluster, scope) => {
      const name = scope.name();
      const counts = { numPartitions: -1, replicationFactor: -1 };
      const draft = { ...plain, ...counts, name, assignments: assignmentOf([3, 1], [2, 3]) };
      const [made] = await create(await cluster.any(), [draft]);
      const partitions = await Promise.all([0, 1].map((index) => cluster.partition(name, index)));
      return {
        error: errorName(made?.errorCode),
        replicas: partitions.map(({ replicaNodes }) => replicaNodes),
        leaders: partitions.map(({ leaderId }) => leaderId),
      };
    }),
  },
  {
    name: 'an assignment of replicas that can not be is refused',
    apis: ['CreateTopics'],
    shows: {
      'with counts': 'INVALID_REQUEST',
      'with the count of partitions': 'INVALID_REQUEST',
      'unknown broker': 'INVALID_REPLICA_ASSIGNMENT',
      'a broker twice': 'INVALID_REPLICA_ASSIGNMENT',
      'no replicas': 'INVALID_REPLICA_ASSIGNMENT',
      uneven: 'INVALID_REPLICA_ASSIGNMENT',
      gap: 'INVALID_REPLICA_ASSIGNMENT',
      'a partition twice': 'INVALID_REPLICA_ASSIGNMENT',
    },
    by: raw(async (cluster, scope) => {
      const base = { ...plain, name: scope.name(), numPartitions: -1, replicationFactor: -1 };
      const of = (...replicas: number[][]): NewTopicDraft => ({ ...base, assignments: assignmentOf(...replicas) });
      const partition = (partitionIndex: number) => ({ partitionIndex, brokerIds: [1] });
      return await outcomesOfCreation(await cluster.any(), {
        'with counts': { ...of([1]), numPartitions: 1, replicationFactor: 1 },
        'with the count of partitions': { ...of([1]), numPartitions: 1 },
        'unknown broker': of([9]),
        'a broker twice': of([1, 1]),
        'no replicas': of([]),
        uneven: of([1], [1, 2]),
        gap: { ...base, assignments: [partition(0), partition(2)] },
        'a partition twice': { ...base, assignments: [partition(0), partition(0)] },
      });
    }),
  },
  {
    name: 'a request that only validates answers as if, and creates nothing',
    apis: ['CreateTopics', 'Metadata'],
    shows: {
      valid: ['NONE', 2, 1],
      id: 'some',
      invalid: 'INVALID_PARTITIONS',
      there: 'UNKNOWN_TOPIC_OR_PARTITION',
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = scope.name();
      const [valid] = await create(connection, [{ ...plain, name, numPartitions: 2 }], true);
      const [invalid] = await create(connection, [{ ...plain, name, numPartitions: 0 }], true);
      const draft = { topics: [{ name }], allowAutoTopicCreation: false };
      const [there] = (await connection.request(metadata, 12, draft)).topics;
      return {
        valid: [errorName(valid?.errorCode), valid?.numPartitions, valid?.replicationFactor],
        id: valid?.topicId === noId ? 'none' : 'some',
        invalid: errorName(invalid?.errorCode),
        there: errorName(there?.errorCode),
      };
    }),
  },
  {
    name: 'of topics in one request each is created or refused for itself, and one named twice is refused',
    apis: ['CreateTopics'],
    shows: { good: ['NONE'], bad: ['INVALID_PARTITIONS'], twice: ['INVALID_REQUEST'] },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const [good, bad, twice] = ['good', 'bad', 'twice'].map((kind) => ({ ...plain, name: scope.name(kind) }));
      if (good === undefined || bad === undefined || twice === undefined) throw new Error('three names make three');
      const answers = await create(connection, [good, { ...bad, numPartitions: 0 }, twice, twice]);
      const of = ({ name }: { readonly name: string }): string[] => {
        return answers.filter((each) => each.name === name).map(({ errorCode }) => errorName(errorCode));
      };
      return { good: of(good), bad: of(bad), twice: of(twice) };
    }),
  },
];
