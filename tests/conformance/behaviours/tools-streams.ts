/** Kafka Streams: a word count, exactly once, and what sets it back. */
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import { javaTools } from '../matrix/java-tools.ts';
import { ToolTalk } from '../matrix/tool-talk.ts';

const lines = ['the quick brown fox', 'jumps over the lazy dog', 'the fox jumps again', 'the end'];
const words = lines.join(' ').split(' ');

export const toolsStreams: readonly Behaviour[] = [
  {
    name: 'Kafka Streams counts words exactly once, goes on from where it was, and is set back',
    apis: [
      ...(['InitProducerId', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn', 'JoinGroup', 'SyncGroup'] as const),
      ...(['Heartbeat', 'Fetch', 'Produce', 'CreateTopics', 'DeleteRecords', 'DeleteTopics'] as const),
    ],
    shows: {
      begun: [],
      'gone on': [],
      'set back': [
        'Done.',
        'Done.',
        'Following input topics offsets will be reset to (for consumer group application)',
        'Force deleting all active members in the group: application',
        'Reset-offsets for input topics [topic]',
        'Topic: topic Partition: 0 Offset: 0',
        'Topic: topic Partition: 1 Offset: 0',
      ],
      'topics left': [],
      records: 15,
      counts: { again: 1, brown: 1, dog: 1, end: 1, fox: 2, jumps: 2, lazy: 1, over: 1, quick: 1, the: 4 },
    },
    by: {
      java: async (place, scope) => {
        const topic = await scope.createTopic({ partitions: 2 });
        const target = await scope.createTopic({ topic: scope.name('counts') });
        const application = scope.name('application');
        const directory = await scope.directory();
        const tools = new ToolTalk(place, scope);
        const count = async (step: string, texts: readonly string[]): Promise<void> => {
          const messages = texts.map((value, index) => ({ value, partition: index % 2 }));
          await millrace.produce(place, scope, { topic, messages });
          const seen = `${texts.join(' ').split(' ').length}`;
          const counting = [place.bootstrap(), application, directory, topic, target, seen];
          const session = await javaTools();
          tools.note(step, tools.linesOf(await session.runClass('WordCount', counting, { stopAfterMs: 100_000 })));
        };
        await count('begun', lines.slice(0, 2));
        await count('gone on', lines.slice(2));
        const read = await millrace.read(place, scope, {
          topic: target,
          isolation: 'read_committed',
          count: words.length,
        });
        const counts = new Map(read.map(({ key, value }) => [key ?? '', Number(value)]));
        const own = ['--application-id', application, '--input-topics', topic];
        await tools.say('set back', 'kafka-streams-application-reset', [...own, '--force'], {
          sorted: true,
          // In any order.
          only: /^(?!Deleting inferred internal topics)/,
        });
        await tools.say('topics left', 'kafka-topics', ['--list'], {
          only: /^application/,
          until: ({ length }) => length === 0,
        });
        return { ...tools.seen, records: read.length, counts: Object.fromEntries([...counts].sort()) };
      },
    },
  },
];
