/** What a client asks before all else: versions of APIs, brokers, topics and their partitions. */
import {
  type Api,
  apiVersions,
  ByteWriter,
  decodeResponse,
  describeCluster,
  describeTopicPartitions,
  encodeRequest,
  metadata,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { ConnectionClosedError, errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { settled } from '../matrix/settled.ts';

const noId = 'AAAAAAAAAAAAAAAAAAAAAA';
const unknownId = 'dW5rbm93bi10b3BpYy1pZA';

type MetadataTopic = ResponseOf<typeof metadata>['topics'][number];

/** The frame of a request as if it were of another version. */
function frameOf(
  api: Parameters<typeof encodeRequest>[1],
  version: number,
  draft: RequestDraft<Api>,
  claimed: number,
): Uint8Array {
  const { chunks } = encodeRequest(new ByteWriter(), api, version, 7, 'conformance', draft);
  const frame = Buffer.concat(chunks.map((chunk) => new Uint8Array(chunk)));
  frame.writeInt16BE(claimed, 6);
  return frame;
}

async function describeTopics(
  connection: RawConnection,
  topics: RequestDraft<typeof metadata>['topics'],
  version = 12,
  allowAutoTopicCreation = false,
): Promise<readonly MetadataTopic[]> {
  return (await connection.request(metadata, version, { topics, allowAutoTopicCreation })).topics;
}

export const versionsAndMetadata: readonly Behaviour[] = [
  {
    name: 'versions that are asked for in a version that is unknown are told in version 0',
    apis: ['ApiVersions'],
    shows: { error: 'UNSUPPORTED_VERSION', told: [[18, 0, 4]] },
    by: raw(async (cluster) => {
      const connection = await cluster.fresh();
      const draft = { clientSoftwareName: 'conformance', clientSoftwareVersion: '1' };
      const answer = await connection.sendBytes(frameOf(apiVersions, 3, draft, 99));
      const { errorCode, apiKeys } = decodeResponse(apiVersions, 0, answer);
      const ofItself = apiKeys.filter(({ apiKey }) => apiKey === apiVersions.key);
      return {
        error: errorName(errorCode),
        told: ofItself.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
      };
    }),
  },
  {
    name: 'a client whose name is no name is not told the versions',
    apis: ['ApiVersions'],
    shows: { space: 'INVALID_REQUEST', empty: 'INVALID_REQUEST', version: 'INVALID_REQUEST', good: 'NONE' },
    by: raw(async (cluster) => {
      const ask = async (clientSoftwareName: string, clientSoftwareVersion: string): Promise<string> => {
        const connection = await cluster.fresh();
        const answer = await connection.request(apiVersions, 3, { clientSoftwareName, clientSoftwareVersion });
        return errorName(answer.errorCode);
      };
      return {
        space: await ask('two words', '1'),
        empty: await ask('', '1'),
        version: await ask('conformance', 'v 1'),
        good: await ask('conformance', '1.0-x'),
      };
    }),
  },
  {
    name: 'a request of an unknown API or version ends the connection',
    apis: ['ApiVersions'],
    shows: { version: 'closed', api: 'closed' },
    by: raw(async (cluster) => {
      const outcome = async (bytes: Uint8Array): Promise<string> => {
        try {
          return `answered ${(await (await cluster.fresh()).sendBytes(bytes)).length} bytes`;
        } catch (error) {
          if (error instanceof ConnectionClosedError) return 'closed';
          throw error;
        }
      };
      const unknownApi = Buffer.from(frameOf(metadata, 12, { topics: [] }, 12));
      unknownApi.writeInt16BE(999, 4);
      return {
        version: await outcome(frameOf(metadata, 12, { topics: [] }, 99)),
        api: await outcome(unknownApi),
      };
    }),
  },
  {
    name: 'metadata tells the brokers with their racks, and none of the topics when none is asked for',
    apis: ['Metadata'],
    shows: { brokers: ['1 rack-1', '2 rack-2', '3 rack-3'], topics: 0, controller: 'a broker', clusterId: 'some' },
    by: raw(async (cluster) => {
      const answer = await (await cluster.any()).request(metadata, 12, { topics: [] });
      const brokers = answer.brokers.map(({ nodeId, rack }) => `${nodeId} ${rack}`).sort();
      return {
        brokers,
        topics: answer.topics.length,
        controller: answer.brokers.some(({ nodeId }) => nodeId === answer.controllerId) ? 'a broker' : 'none',
        clusterId: answer.clusterId === null ? 'none' : 'some',
      };
    }),
  },
  {
    name: 'metadata tells all topics when a client asks for all, in the way of each version',
    apis: ['Metadata'],
    shows: { 'version 0': true, 'version 1': true, 'version 12': true, 'none in version 1': 0 },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = await scope.createTopic();
      const tells = async (version: number, topics: [] | null): Promise<boolean> =>
        (await describeTopics(connection, topics, version, true)).some((topic) => topic.name === name);
      return {
        'version 0': await tells(0, []),
        'version 1': await tells(1, null),
        'version 12': await tells(12, null),
        'none in version 1': (await describeTopics(connection, [], 1, true)).length,
      };
    }),
  },
  {
    name: 'metadata tells a topic by its name and by its id',
    apis: ['Metadata'],
    shows: {
      'by name': ['NONE', true, true, 2],
      'by id': ['NONE', true, true, 2],
      'name and id': ['NONE', true, true, 2],
      internal: false,
      partitions: [
        [0, 'NONE', 3, 3, 0],
        [1, 'NONE', 3, 3, 0],
      ],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = await scope.createTopic({ partitions: 2, replicationFactor: 3 });
      const topicId = await cluster.topicId(name);
      const tell = async (...asked: { name: string | null; topicId?: string }[]) => {
        const [topic] = await describeTopics(connection, asked);
        const { errorCode, partitions } = topic ?? {};
        return [errorName(errorCode), topic?.name === name, topic?.topicId === topicId, partitions?.length];
      };
      const [topic] = await describeTopics(connection, [{ name }]);
      const partitions = (topic?.partitions ?? []).map(({ partitionIndex, errorCode, ...each }) => {
        const { replicaNodes, isrNodes, offlineReplicas } = each;
        return [partitionIndex, errorName(errorCode), replicaNodes.length, isrNodes.length, offlineReplicas.length];
      });
      return {
        'by name': await tell({ name }),
        'by id': await tell({ name: null, topicId }),
        'name and id': await tell({ name, topicId: noId }),
        internal: topic?.isInternal,
        partitions: partitions.sort(),
      };
    }),
  },
  {
    name: 'metadata of topics that are not there names the error of each',
    apis: ['Metadata'],
    shows: {
      absent: ['UNKNOWN_TOPIC_OR_PARTITION', 0],
      'invalid name': ['INVALID_TOPIC_EXCEPTION', 0],
      'unknown id': ['UNKNOWN_TOPIC_ID', 0],
      'invalid name, to be created': ['INVALID_TOPIC_EXCEPTION', 0],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const tell = async (asked: { name: string | null; topicId?: string }, creates = false) => {
        const [topic] = await describeTopics(connection, [asked], 12, creates);
        return [errorName(topic?.errorCode), topic?.partitions.length];
      };
      return {
        absent: await tell({ name: scope.name('absent') }),
        'invalid name': await tell({ name: 'no topic!' }),
        'unknown id': await tell({ name: null, topicId: unknownId }),
        'invalid name, to be created': await tell({ name: 'no topic!' }, true),
      };
    }),
  },
  {
    name: 'metadata of an absent topic creates it when the request allows that, with the defaults of the brokers',
    apis: ['Metadata'],
    shows: { 'with leave': ['NONE', 1, 3], 'without leave': 'UNKNOWN_TOPIC_OR_PARTITION' },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const name = scope.name();
      scope.defer(() => scope.admin.deleteTopics([name]));
      const withoutLeave = (await describeTopics(connection, [{ name }]))[0]?.errorCode;
      const topic = await settled(
        async () => (await describeTopics(connection, [{ name }], 12, true))[0],
        (each) => each?.errorCode === 0,
      );
      const { errorCode, partitions = [] } = topic ?? {};
      return {
        'with leave': [errorName(errorCode), partitions.length, partitions[0]?.replicaNodes.length],
        'without leave': errorName(withoutLeave),
      };
    }),
  },
  {
    name: 'DescribeTopicPartitions tells topics in the order of names, a page at a time',
    apis: ['DescribeTopicPartitions'],
    shows: {
      pages: [['first 0', 'first 1'], ['first 2', 'second 0'], ['second 1']],
      from: ['second 1'],
      'behind the last partition': [],
    },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const [first, second] = [scope.name('a'), scope.name('b')];
      await scope.createTopic({ topic: first, partitions: 3 });
      await scope.createTopic({ topic: second, partitions: 2 });
      const topics = [{ name: second }, { name: first }];
      const page = async (
        responsePartitionLimit: number,
        cursor: { topicName: string; partitionIndex: number } | null,
      ) => {
        const answer = await connection.request(describeTopicPartitions, 0, { topics, responsePartitionLimit, cursor });
        const partitions = answer.topics.flatMap(({ name, partitions: list }) =>
          list.map(({ partitionIndex }) => `${name === first ? 'first' : 'second'} ${partitionIndex}`),
        );
        return { partitions, nextCursor: answer.nextCursor };
      };
      const pages: string[][] = [];
      let cursor: { topicName: string; partitionIndex: number } | null = null;
      do {
        const { partitions, nextCursor }: Awaited<ReturnType<typeof page>> = await page(2, cursor);
        pages.push(partitions);
        cursor = nextCursor;
      } while (cursor !== null && pages.length < 9);
      return {
        pages,
        from: (await page(10, { topicName: second, partitionIndex: 1 })).partitions,
        'behind the last partition': (await page(10, { topicName: second, partitionIndex: 7 })).partitions,
      };
    }),
  },
  {
    name: 'DescribeTopicPartitions names the error of a topic that is not there',
    apis: ['DescribeTopicPartitions'],
    shows: { absent: 'UNKNOWN_TOPIC_OR_PARTITION', invalid: 'INVALID_TOPIC_EXCEPTION' },
    by: raw(async (cluster, scope) => {
      const connection = await cluster.any();
      const tell = async (name: string): Promise<string> => {
        const draft = { topics: [{ name }], responsePartitionLimit: 10, cursor: null };
        return errorName((await connection.request(describeTopicPartitions, 0, draft)).topics[0]?.errorCode);
      };
      return { absent: await tell(scope.name('absent')), invalid: await tell('no topic!') };
    }),
  },
  {
    name: 'DescribeCluster tells the brokers, and refuses what it can not tell',
    apis: ['DescribeCluster'],
    shows: {
      brokers: ['NONE', '1 rack-1 false', '2 rack-2 false', '3 rack-3 false'],
      operations: 'not asked for',
      'asked for operations': 'told',
      controllers: 'MISMATCHED_ENDPOINT_TYPE',
      'no such endpoints': 'UNSUPPORTED_ENDPOINT_TYPE',
    },
    by: raw(async (cluster) => {
      const connection = await cluster.any();
      const ask = (draft: RequestDraft<typeof describeCluster>) => connection.request(describeCluster, 2, draft);
      const answer = await ask({ includeClusterAuthorizedOperations: false });
      const operations = (await ask({ includeClusterAuthorizedOperations: true })).clusterAuthorizedOperations;
      const type = async (endpointType: number): Promise<string> =>
        errorName((await ask({ includeClusterAuthorizedOperations: false, endpointType })).errorCode);
      return {
        brokers: [
          errorName(answer.errorCode),
          ...answer.brokers.map(({ brokerId, rack, isFenced }) => `${brokerId} ${rack} ${isFenced}`).sort(),
        ],
        operations: answer.clusterAuthorizedOperations === -(2 ** 31) ? 'not asked for' : 'told',
        'asked for operations': operations > 0 ? 'told' : operations,
        controllers: await type(2),
        'no such endpoints': await type(7),
      };
    }),
  },
];
