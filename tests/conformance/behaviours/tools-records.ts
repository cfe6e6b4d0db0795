/** Tools that write, read, count and delete records. */
import { millrace } from '../drivers/millrace.ts';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { javaTools } from '../matrix/java-tools.ts';
import { AT, apartFrom, type ToolTalk, talking } from '../matrix/tool-talk.ts';

const consumer = 'kafka-console-consumer';
const offsets = 'kafka-get-offsets';
const ten = Array.from({ length: 10 }, (_, index) => ({ value: `value ${index}` }));

export const toolsRecords: readonly Behaviour[] = [
  {
    name: 'the console producer and consumer agree on keys, headers, compression and partitions',
    apis: ['Produce', 'Fetch', 'ListOffsets', 'InitProducerId'],
    shows: {
      written: [],
      read: [
        'Partition:0|Offset:0|Epoch:NOT_PRESENT|kind:a,size:1|key|value',
        'Partition:0|Offset:1|Epoch:NOT_PRESENT|NO_HEADERS|-|unkeyed',
        'Partition:0|Offset:2|Epoch:NOT_PRESENT|NO_HEADERS|deleted|-',
        'Processed a total of 3 messages',
      ],
      'one partition': ['unkeyed', 'Processed a total of 1 messages'],
      'nothing more': ['org.apache.kafka.common.errors.TimeoutException', 'Processed a total of 0 messages'],
      'by a pattern': ['value', 'unkeyed', 'null', 'Processed a total of 3 messages'],
    },
    by: {
      java: talking(async (tools, scope) => {
        const own = ['--topic', await scope.createTopic()];
        const properties = ['parse.key=true', 'parse.headers=true', 'null.marker=-'];
        const words = [...own, '--sync', '--compression-codec', 'zstd', ...each('--reader-property', properties)];
        const input = 'kind:a,size:1\tkey\tvalue\n-\t-\tunkeyed\n-\tdeleted\t-\n';
        await tools.say('written', 'kafka-console-producer', words, { input });
        const printed = ['key', 'headers', 'partition', 'offset', 'epoch'].map((name) => `print.${name}=true`);
        const format = each('--formatter-property', [...printed, 'null.literal=-', 'key.separator=|']);
        await tools.say('read', consumer, [...own, '--from-beginning', '--max-messages', '3', ...format]);
        await tools.say('one partition', consumer, [
          ...own,
          '--partition',
          '0',
          '--offset',
          '1',
          '--max-messages',
          '1',
        ]);
        const idle = ['--timeout-ms', '1000', '--partition', '0', '--offset', 'latest'];
        await tools.say('nothing more', consumer, [...own, ...idle]);
        const pattern = ['--include', `${scope.name()}.*`, '--from-beginning', '--max-messages', '3'];
        await tools.say('by a pattern', consumer, pattern);
      }),
    },
  },
  {
    name: 'kafka-get-offsets finds ends, times and what is left',
    apis: ['ListOffsets', 'DeleteRecords'],
    shows: new ListedDifference(
      'the record with the largest time (`ListOffsets`)',
      apartFrom(
        {
          '0': ['topic:0:4', 'topic:1:0'],
          deleted: [
            'Executing records delete operation',
            'Records delete operation completed:',
            'partition: topic-0 low_watermark: 4',
          ],
          earliest: ['topic:0:4', 'topic:1:0'],
          latest: ['topic:0:10', 'topic:1:1'],
          'earliest-local': ['topic:0:4', 'topic:1:0'],
          'latest-tiered': [],
          '4000000000000': [],
          'one partition': 'topic:1:1',
          partitions: 'topic:0:10',
          'no topic': [
            'Error occurred: Could not match any topic-partitions with the specified filters',
            'exit code 1',
          ],
        },
        {
          embedded: { 'max-timestamp': ['topic:0:4', 'topic:1:0'] },
          kafka: { 'max-timestamp': ['topic:0:0', 'topic:1:0'] },
        },
      ),
    ),
    by: {
      java: talking(async (tools, scope, place) => {
        const topic = await scope.createTopic({ partitions: 2 });
        await millrace.produce(place, scope, { topic, messages: ten });
        await millrace.produce(place, scope, { topic, messages: [{ value: 'x', partition: 1 }] });
        const plan = { partitions: [{ topic, partition: 0, offset: 4 }], version: 1 };
        const file = ['--offset-json-file', await tools.file(plan)];
        await tools.say('deleted', 'kafka-delete-records', file);
        for (const time of [
          'earliest',
          'latest',
          'max-timestamp',
          'earliest-local',
          'latest-tiered',
          '0',
          '4000000000000',
        ]) {
          await tools.say(time, offsets, ['--topic', topic, '--time', time]);
        }
        await tools.say('one partition', offsets, ['--topic-partitions', `${topic}:1`]);
        await tools.say('partitions', offsets, ['--topic', topic, '--partitions', '0']);
        await tools.say('no topic', offsets, ['--topic', scope.name('none')]);
      }),
    },
  },
  {
    name: 'kafka-delete-records says how far it got, and what can not be',
    apis: ['DeleteRecords'],
    shows: {
      some: [
        'Executing records delete operation',
        'Records delete operation completed:',
        'partition: topic-0 low_watermark: 3',
      ],
      all: [
        'Executing records delete operation',
        'Records delete operation completed:',
        'partition: topic-0 low_watermark: 10',
      ],
      'beyond the end': [
        'Executing records delete operation',
        'Records delete operation completed:',
        'OffsetOutOfRangeException',
      ],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const topic = await scope.createTopic({ partitions: 2 });
        await millrace.produce(place, scope, { topic, messages: ten });
        const deleting = async (step: string, partitions: readonly object[]) =>
          tools.say(step, 'kafka-delete-records', ['--offset-json-file', await tools.file({ partitions, version: 1 })]);
        await deleting('some', [{ topic, partition: 0, offset: 3 }]);
        await deleting('all', [{ topic, partition: 0, offset: -1 }]);
        await deleting('beyond the end', [{ topic, partition: 0, offset: 100 }]);
      }),
    },
  },
  {
    name: 'the performance tests write and read all they are to',
    apis: ['Produce', 'Fetch', 'JoinGroup', 'OffsetCommit', 'InitProducerId', 'EndTxn'],
    shows: { produced: '2000 records sent', 'in transactions': '2000 records sent', consumed: '4000' },
    by: {
      java: talking(async (tools, scope) => {
        const topic = ['--topic', await scope.createTopic({ partitions: 3 })];
        const count = ['--num-records', '2000'];
        const producing = [...topic, ...count, '--record-size', '100', '--throughput', '-1'];
        const acks = ['--command-property', 'acks=all'];
        const counting = (lines: readonly string[]) => lines.map((line) => line.replace(/ sent,.*/, ' sent'));
        const produce = async (step: string, words: readonly string[]) =>
          tools.note(
            step,
            counting(await tools.say(step, 'kafka-producer-perf-test', [...producing, ...words])).slice(-1),
          );
        await produce('produced', acks);
        const transactional = ['--transactional-id', scope.name('transactional-id')];
        await produce('in transactions', [...transactional, '--transaction-duration-ms', '20']);
        const consuming = [...topic, '--num-records', '4000', '--timeout', '60000'];
        const consumed = await tools.say('consumed', 'kafka-consumer-perf-test', consuming);
        const [head = '', line = ''] = consumed;
        const at = head.split(', ').findIndex((name) => /nMsg/.test(name) && !/sec/.test(name));
        tools.note('consumed', [line.split(', ')[at] ?? consumed.join()]);
      }),
    },
  },
  {
    name: 'the verifiable producer and consumer account for every record',
    apis: ['Produce', 'Fetch', 'JoinGroup', 'OffsetCommit'],
    shows: {
      produced: ['exit code 0', '200 sent, 200 acknowledged, 200 told'],
      consumed: ['exit code 0', '200 read', '1 or more commits'],
      committed: 'topic:0:200',
      lag: [
        'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID',
        'group topic 0 200 200 0 - - -',
        "Consumer group 'group' has no active members.",
      ],
    },
    by: {
      java: talking(async (tools, scope) => {
        const topic = ['--topic', await scope.createTopic()];
        await accountOf(tools, 'produced', 'kafka-verifiable-producer', [
          ...topic,
          '--max-messages',
          '200',
          '--acks',
          '-1',
        ]);
        const group = ['--group-id', scope.name('group'), '--session-timeout', '10000'];
        const reading = [...topic, ...group, '--max-messages', '200', '--reset-policy', 'earliest', '--verbose'];
        await accountOf(tools, 'consumed', 'kafka-verifiable-consumer', reading);
        await tools.say('committed', offsets, topic);
        await tools.say('lag', 'kafka-consumer-groups', ['--describe', '--group', scope.name('group')]);
      }),
    },
  },
  {
    name: 'the transactional copier copies each record once, though it aborts at random',
    apis: ['InitProducerId', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn', 'Fetch'],
    shows: { code: 0, done: true, copied: true, committed: [100] },
    by: {
      java: async (place, scope) => {
        const topic = await scope.createTopic();
        const target = await scope.createTopic({ topic: scope.name('target') });
        const messages = Array.from({ length: 100 }, (_, index) => ({ value: `${index}` }));
        await millrace.produce(place, scope, { topic, messages });
        const words = {
          '--input-topic': topic,
          '--input-partition': '0',
          '--output-topic': target,
          '--broker-list': place.bootstrap(),
          '--transactional-id': scope.name('transactional-id'),
          '--consumer-group': scope.name('group'),
          '--transaction-size': '5',
        };
        const copier = 'org.apache.kafka.tools.TransactionalMessageCopier';
        const args = [...Object.entries(words).flat(), '--enable-random-aborts', '--use-group-metadata'];
        const { code, stdout } = await (await javaTools()).runClass(copier, args, { stopAfterMs: 100_000 });
        const done = /"stage":"ShutdownComplete"|shutdown_complete/i.test(stdout);
        const copied = await millrace.read(place, scope, { topic: target, isolation: 'read_committed', count: 100 });
        const committed = await scope.admin.fetchOffsets(scope.name('group'));
        return {
          code,
          done,
          copied: copied.map(({ value }) => value).join() === messages.map(({ value }) => value).join(),
          committed: committed.map((each) => (each.error === undefined ? each.offset : each.error.errorName)),
        };
      },
    },
  },
];

function each(option: string, values: readonly string[]): string[] {
  return values.flatMap((value) => [option, value]);
}

/** How often the tool told of what, and the sums of what it counted. */
async function accountOf(
  tools: ToolTalk,
  step: string,
  tool: 'kafka-verifiable-producer' | 'kafka-verifiable-consumer',
  words: readonly string[],
): Promise<void> {
  const { code, stdout } = await tools.run(tool, [AT, ...words], { stopAfterMs: 100_000 });
  const events = stdout.split('\n').filter((line) => line.startsWith('{'));
  const parsed = events.map((line) => JSON.parse(line) as { name: string; sent?: number; acked?: number });
  const named = (name: string): number => parsed.filter((event) => event.name === name).length;
  const last = parsed.find(({ name }) => name === 'tool_data');
  tools.note(step, [
    `exit code ${code}`,
    ...(last === undefined
      ? [`${named('record_data')} read`, `${Math.min(1, named('offsets_committed'))} or more commits`]
      : [`${last.sent} sent, ${last.acked} acknowledged, ${named('producer_send_success')} told`]),
  ]);
}
