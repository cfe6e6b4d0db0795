/** Tools that ask what a cluster is: its brokers, versions, features, quorum and disks. */
import { apis } from '@millrace/wire';
import { millrace } from '../drivers/millrace.ts';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { AT, apartFrom, talking } from '../matrix/tool-talk.ts';

export const toolsCluster: readonly Behaviour[] = [
  {
    name: 'kafka-broker-api-versions can use the newest version that both sides have',
    apis: ['ApiVersions', 'DescribeCluster', 'Metadata'],
    shows: new ListedDifference(
      "clients' metrics (KIP-714)",
      apartFrom(
        {
          others: [
            'AddOffsetsToTxn 4',
            'AddPartitionsToTxn 5',
            'AlterClientQuotas 1',
            'AlterConfigs 2',
            'AlterPartitionReassignments 1',
            'AlterReplicaLogDirs 2',
            'AlterUserScramCredentials 0',
            'ApiVersions 4',
            'ConsumerGroupDescribe 1',
            'ConsumerGroupHeartbeat 1',
            'CreateAcls 3',
            'CreatePartitions 3',
            'CreateTopics 7',
            'DeleteAcls 3',
            'DeleteGroups 2',
            'DeleteRecords 2',
            'DeleteTopics 6',
            'DescribeAcls 3',
            'DescribeClientQuotas 1',
            'DescribeCluster 2',
            'DescribeConfigs 4',
            'DescribeGroups 6',
            'DescribeLogDirs 5',
            'DescribeProducers 0',
            'DescribeQuorum 2',
            'DescribeTopicPartitions 0',
            'DescribeTransactions 0',
            'DescribeUserScramCredentials 0',
            'ElectLeaders 2',
            'EndTxn 5',
            'Fetch 18',
            'FindCoordinator 6',
            'Heartbeat 4',
            'IncrementalAlterConfigs 1',
            'InitProducerId 5',
            'JoinGroup 9',
            'LeaveGroup 5',
            'ListConfigResources 1',
            'ListGroups 5',
            'ListOffsets 11',
            'ListPartitionReassignments 0',
            'ListTransactions 2',
            'Metadata 13',
            'OffsetCommit 10',
            'OffsetDelete 0',
            'OffsetFetch 10',
            'OffsetForLeaderEpoch 4',
            'Produce 13',
            'SaslAuthenticate 2',
            'SaslHandshake 1',
            'SyncGroup 5',
            'TxnOffsetCommit 5',
            'UpdateFeatures 2',
            'WriteTxnMarkers 2',
          ],
          brokers: ['broker-1 (id: 1 rack: rack-1', 'broker-2 (id: 2 rack: rack-2', 'broker-3 (id: 3 rack: rack-3'],
        },
        { embedded: { telemetry: ['GetTelemetrySubscriptions 0', 'PushTelemetry 0'] }, kafka: { telemetry: [] } },
      ),
    ),
    by: {
      java: talking(async (tools) => {
        const offered = new Map(apis.map(({ name, key }) => [key as number, name]));
        const lines = tools.linesOf(await tools.run('kafka-broker-api-versions', []));
        const versions = lines.flatMap(
          (line) => /^(\w+)\((\d+)\): .*\[usable: (\d+)\]/.exec(line)?.slice(1, 4).join(' ') ?? [],
        );
        const ours = versions.filter((line) => offered.has(Number(line.split(' ')[1])));
        const [telemetry, others] = [true, false].map((wanted) =>
          ours.filter((line) => line.includes('Telemetry') === wanted).map((line) => line.replace(/ \d+ /, ' ')),
        );
        tools.note('telemetry', [...new Set(telemetry)].sort());
        tools.note('others', [...new Set(others)].sort());
        tools.note('brokers', lines.flatMap((line) => /^(broker-\d) \(id: \d rack: \S+/.exec(line)?.[0] ?? []).sort());
      }),
    },
  },
  {
    name: 'kafka-cluster tells the id and the brokers',
    apis: ['DescribeCluster'],
    shows: {
      id: 'Cluster ID: ID',
      endpoints: [
        '1 broker-1 rack-1 unfenced broker',
        '2 broker-2 rack-2 unfenced broker',
        '3 broker-3 rack-3 unfenced broker',
        'ID HOST PORT RACK STATE ENDPOINT_TYPE',
      ],
    },
    by: {
      java: talking(async (tools) => {
        await tools.say('id', 'kafka-cluster', ['cluster-id', AT]);
        await tools.say('endpoints', 'kafka-cluster', ['list-endpoints', AT], { sorted: true });
      }),
    },
  },
  {
    name: 'kafka-features describes what is supported and what is on',
    apis: ['ApiVersions', 'UpdateFeatures'],
    shows: new ListedDifference(
      'features',
      apartFrom(
        {
          'an unknown feature': [
            'Can not upgrade no.such to 1. The update failed for all features since the following ' +
              'feature had an error: Invalid update version 1 for feature no.such.',
            '1 out of 1 operation(s) failed.',
            'exit code 1',
          ],
          'too much': [
            'Can not upgrade group.version to 99. The update failed for all features since the ' +
              'following feature had an error: Invalid update version 99 for feature group.version.',
            '1 out of 1 operation(s) failed.',
            'exit code 1',
          ],
        },
        {
          embedded: {
            described: [
              'eligible.leader.replicas.version SupportedMinVersion: 0 SupportedMaxVersion: 1 ' +
                'FinalizedVersionLevel: 0',
              'group.version SupportedMinVersion: 0 SupportedMaxVersion: 1 FinalizedVersionLevel: 1',
              'kraft.version SupportedMinVersion: 0 SupportedMaxVersion: 1 FinalizedVersionLevel: 0',
              'metadata.version SupportedMinVersion: 3.3-IV3 SupportedMaxVersion: 4.1-IV1 ' +
                'FinalizedVersionLevel: 4.1-IV1',
              'transaction.version SupportedMinVersion: 0 SupportedMaxVersion: 2 FinalizedVersionLevel: 2',
            ],
          },
          kafka: {
            described: [
              'eligible.leader.replicas.version SupportedMinVersion: 0 SupportedMaxVersion: 1 ' +
                'FinalizedVersionLevel: 1',
              'group.version SupportedMinVersion: 0 SupportedMaxVersion: 1 FinalizedVersionLevel: 1',
              'kraft.version SupportedMinVersion: 0 SupportedMaxVersion: 1 FinalizedVersionLevel: 1',
              'metadata.version SupportedMinVersion: 3.3-IV3 SupportedMaxVersion: 4.3-IV0 ' +
                'FinalizedVersionLevel: 4.3-IV0',
              'share.version SupportedMinVersion: 0 SupportedMaxVersion: 1 FinalizedVersionLevel: 1',
              'streams.version SupportedMinVersion: 0 SupportedMaxVersion: 1 FinalizedVersionLevel: 1',
              'transaction.version SupportedMinVersion: 0 SupportedMaxVersion: 2 FinalizedVersionLevel: 2',
            ],
          },
        },
      ),
    ),
    by: {
      java: talking(async (tools) => {
        const described = await tools.say('described', 'kafka-features', [AT, 'describe'], { sorted: true });
        tools.note(
          'described',
          described.map((line) => line.replace(/^Feature: | Epoch: \d+$/g, '')),
        );
        const why = /(?<=for feature \S+\.) .*$/;
        for (const [step, feature] of [
          ['an unknown feature', 'no.such=1'],
          ['too much', 'group.version=99'],
        ] as const) {
          const lines = await tools.say(step, 'kafka-features', [AT, 'upgrade', '--feature', feature, '--dry-run']);
          tools.note(
            step,
            lines.map((line) => line.replace(why, '')),
          );
        }
      }),
    },
  },
  {
    name: 'kafka-metadata-quorum describes leader, voters and what they have',
    apis: ['DescribeQuorum'],
    shows: {
      status: [
        'ClusterId:',
        'LeaderId:',
        'LeaderEpoch:',
        'HighWatermark:',
        'MaxFollowerLag:',
        'MaxFollowerLagTimeMs:',
        'CurrentVoters:',
        'CurrentObservers:',
      ],
      replication: [
        'NodeId DirectoryId LogEndOffset Lag LastFetchTimestamp LastCaughtUpTimestamp Status',
        'Follower',
        'Follower',
        'Leader',
      ],
    },
    by: {
      java: talking(async (tools) => {
        const describe = (step: string) => tools.say(step, 'kafka-metadata-quorum', [AT, 'describe', `--${step}`]);
        const status = await describe('status');
        tools.note(
          'status',
          status.map((line) => line.split(' ')[0] ?? ''),
        );
        const [head = '', ...voters] = await describe('replication');
        tools.note('replication', [head, ...voters.map((line) => line.split(' ').at(-1) ?? '').sort()]);
      }),
    },
  },
  {
    name: 'kafka-log-dirs describes what the replicas of a topic take',
    apis: ['DescribeLogDirs', 'DescribeCluster'],
    shows: {
      version: '1',
      'broker 1': [
        'topic-0: a record {"offsetLag":0,"isFuture":false} null',
        'topic-1: 0 bytes {"offsetLag":0,"isFuture":false} null',
      ],
      'broker 2': [
        'topic-0: a record {"offsetLag":0,"isFuture":false} null',
        'topic-1: 0 bytes {"offsetLag":0,"isFuture":false} null',
      ],
      'a broker that there is not': [
        'ERROR: The given brokers do not exist from --broker-list: 9. Current existent brokers: 1,2,3',
        'exit code 1',
      ],
    },
    by: {
      java: async (place, scope) => {
        const topic = await scope.createTopic({
          assignment: [
            [1, 2],
            [2, 1],
          ],
        });
        await millrace.produce(place, scope, { topic, messages: [{ value: 'x'.repeat(1000) }] });
        const seen = await talking(async (tools) => {
          const { stdout } = await tools.run('kafka-log-dirs', [
            '--describe',
            '--topic-list',
            topic,
            '--broker-list',
            '1,2',
          ]);
          const { version, brokers } = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')) ?? '{}') as {
            version: number;
            brokers: {
              broker: number;
              logDirs: { error: unknown; partitions: { partition: string; size: number }[] }[];
            }[];
          };
          tools.note('version', [`${version}`]);
          for (const { broker, logDirs } of brokers) {
            const told = logDirs.flatMap(({ error, partitions }) =>
              partitions.map(({ partition, size, ...rest }) => {
                const what = size > 1000 && size < 1200 ? 'a record' : `${size} bytes`;
                return `${partition.replace(topic, 'topic')}: ${what} ${JSON.stringify(rest)} ${error}`;
              }),
            );
            tools.note(`broker ${broker}`, told.sort());
          }
          await tools.say('a broker that there is not', 'kafka-log-dirs', ['--describe', '--broker-list', '1,9']);
        })(place, scope);
        return seen;
      },
    },
  },
];
