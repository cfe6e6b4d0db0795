/** Which APIs in which versions a broker says that it has. */
import { apis, apiVersions } from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { type RawCluster, raw } from '../matrix/raw-connection.ts';

const ofTelemetry = ['GetTelemetrySubscriptions', 'PushTelemetry'];

/** Versions by API, of those that the embedded broker has. */
async function rangesOf(cluster: RawCluster): Promise<[name: string, range: string][]> {
  const draft = { clientSoftwareName: 'conformance', clientSoftwareVersion: '1' };
  const { apiKeys } = await (await cluster.any()).request(apiVersions, 4, draft);
  const names = new Map<number, string>(apis.map(({ key, name }) => [key, name]));
  return apiKeys.flatMap(({ apiKey, minVersion, maxVersion }) => {
    const name = names.get(apiKey);
    return name === undefined ? [] : [[name, `${minVersion}-${maxVersion}`] as [string, string]];
  });
}

export const apiRanges: readonly Behaviour[] = [
  {
    name: 'the APIs that the embedded broker has are those of Kafka, in the same versions',
    apis: ['ApiVersions'],
    shows: {
      AddOffsetsToTxn: '0-4',
      AddPartitionsToTxn: '0-5',
      AlterClientQuotas: '0-1',
      AlterConfigs: '0-2',
      AlterPartitionReassignments: '0-1',
      AlterReplicaLogDirs: '1-2',
      AlterUserScramCredentials: '0-0',
      ApiVersions: '0-4',
      ConsumerGroupDescribe: '0-1',
      ConsumerGroupHeartbeat: '0-1',
      CreateAcls: '1-3',
      CreatePartitions: '0-3',
      CreateTopics: '2-7',
      DeleteAcls: '1-3',
      DeleteGroups: '0-2',
      DeleteRecords: '0-2',
      DeleteTopics: '1-6',
      DescribeAcls: '1-3',
      DescribeClientQuotas: '0-1',
      DescribeCluster: '0-2',
      DescribeConfigs: '1-4',
      DescribeGroups: '0-6',
      DescribeLogDirs: '1-5',
      DescribeProducers: '0-0',
      DescribeQuorum: '0-2',
      DescribeTopicPartitions: '0-0',
      DescribeTransactions: '0-0',
      DescribeUserScramCredentials: '0-0',
      ElectLeaders: '0-2',
      EndTxn: '0-5',
      Fetch: '4-18',
      FindCoordinator: '0-6',
      Heartbeat: '0-4',
      IncrementalAlterConfigs: '0-1',
      InitProducerId: '0-5',
      JoinGroup: '0-9',
      LeaveGroup: '0-5',
      ListConfigResources: '0-1',
      ListGroups: '0-5',
      ListOffsets: '1-11',
      ListPartitionReassignments: '0-0',
      ListTransactions: '0-2',
      Metadata: '0-13',
      OffsetCommit: '2-10',
      OffsetDelete: '0-0',
      OffsetFetch: '1-10',
      OffsetForLeaderEpoch: '2-4',
      Produce: '0-13',
      SaslAuthenticate: '0-2',
      SaslHandshake: '0-1',
      SyncGroup: '0-5',
      TxnOffsetCommit: '0-5',
      UpdateFeatures: '0-2',
      WriteTxnMarkers: '1-2',
    },
    by: raw(async (cluster) => {
      const ranges = (await rangesOf(cluster)).filter(([name]) => !ofTelemetry.includes(name));
      return Object.fromEntries(ranges.sort());
    }),
  },
  {
    name: "the APIs of clients' metrics are told to clients",
    apis: ['ApiVersions'],
    shows: new ListedDifference("clients' metrics (KIP-714)", {
      embedded: [
        ['GetTelemetrySubscriptions', '0-0'],
        ['PushTelemetry', '0-0'],
      ],
      kafka: [],
    }),
    by: raw(async (cluster) => (await rangesOf(cluster)).filter(([name]) => ofTelemetry.includes(name)).sort()),
  },
];
