/** kafka-transactions: what is open, who writes, and how what hangs is ended. */
import { valuesOf } from '../drivers/driver.ts';
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { AT, talking } from '../matrix/tool-talk.ts';

const transactions = 'kafka-transactions';

export const toolsTransactions: readonly Behaviour[] = [
  {
    name: 'kafka-transactions lists and describes a transaction, and the producers of a partition',
    apis: ['ListTransactions', 'DescribeTransactions', 'DescribeProducers'],
    shows: {
      listed: ['TransactionalId ? ? TransactionState', 'transactional-id ? ? Ongoing'],
      'that last long': 'TransactionalId ? ? TransactionState',
      'by a pattern': ['TransactionalId ? ? TransactionState', 'transactional-id ? ? Ongoing'],
      described: [
        '? TransactionalId ? ProducerEpoch TransactionState TransactionTimeoutMs ' +
          'CurrentTransactionStartTimeMs ? TopicPartitions',
        '? transactional-id ? 0 Ongoing 60000 TIME ? topic-0',
      ],
      producers: ['? ProducerEpoch ID LastSequence LastTimestamp CurrentTransactionStartOffset', '? 0 -1 0 TIME 0'],
      committed: [
        '? TransactionalId ? ProducerEpoch TransactionState TransactionTimeoutMs ' +
          'CurrentTransactionStartTimeMs ? TopicPartitions',
        '? transactional-id ? 1 CompleteCommit 60000 TIME ?',
      ],
      'no transaction': [
        'Failed to describe transaction state of transactional-id `none`: DescribeTransactions ' +
          'request for transactionalId `none` failed because the ID could not be found. Enable debug ' +
          'logging for additional detail.',
        'exit code 1',
      ],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        const transaction = await open(place, scope);
        const own = /^(TransactionalId|transactional-id) /;
        const id = ['--transactional-id', scope.name('transactional-id')];
        const list = (step: string, words: readonly string[] = []) =>
          tools.say(step, transactions, [AT, 'list', ...words], { only: own });
        tools.note('listed', plain(await list('listed')));
        tools.note('that last long', plain(await list('that last long', ['--duration-filter', '3600000'])));
        const pattern = ['--transactional-id-pattern', scope.name('transactional-id').replace('transactional', '.*')];
        tools.note('by a pattern', plain(await list('by a pattern', pattern)));
        tools.note('described', plain(await tools.say('described', transactions, [AT, 'describe', ...id])));
        const partition = ['--topic', scope.name(), '--partition', '0'];
        const producers = await tools.say('producers', transactions, [AT, 'describe-producers', ...partition]);
        tools.note('producers', plain(producers));
        await transaction.commit();
        tools.note(
          'committed',
          plain(
            await tools.say('committed', transactions, [AT, 'describe', ...id], {
              until: (lines) => lines.some((line) => line.includes('CompleteCommit')),
            }),
          ),
        );
        await tools.say('no transaction', transactions, [AT, 'describe', '--transactional-id', scope.name('none')]);
      }),
    },
  },
  {
    name: 'kafka-transactions aborts a transaction by where it begins, and none that is not there',
    apis: ['DescribeProducers', 'WriteTxnMarkers', 'ListOffsets'],
    shows: {
      'not there': ['Could not find any open transactions starting at offset 7 on partition topic-0', 'exit code 1'],
      aborted: [],
      'aborted again': [
        'Could not find any open transactions starting at offset 0 on partition topic-0',
        'exit code 1',
      ],
      read: 'behind',
    },
    by: {
      java: talking(async (tools, scope, place) => {
        await open(place, scope);
        const partition = ['--topic', scope.name(), '--partition', '0', '--start-offset'];
        await tools.say('not there', transactions, [AT, 'abort', ...partition, '7']);
        await tools.say('aborted', transactions, [AT, 'abort', ...partition, '0']);
        await tools.say('aborted again', transactions, [AT, 'abort', ...partition, '0']);
        const topic = scope.name();
        await millrace.produce(place, scope, { topic, messages: [{ value: 'behind' }] });
        const read = await millrace.read(place, scope, { topic, isolation: 'read_committed', count: 1 });
        tools.note('read', valuesOf(read).map(String));
      }),
    },
  },
  {
    name: 'kafka-transactions finds what hangs, and ends a transaction by its id',
    apis: ['ListTransactions', 'DescribeTransactions', 'DescribeProducers', 'InitProducerId'],
    shows: {
      found: 'Topic Partition ProducerId ProducerEpoch CoordinatorEpoch StartOffset LastTimestamp Duration(min)',
      ended: [],
      described: [
        '? TransactionalId ? ProducerEpoch TransactionState TransactionTimeoutMs ' +
          'CurrentTransactionStartTimeMs ? TopicPartitions',
        '? transactional-id ? 2 Empty 30000 None ?',
      ],
    },
    by: {
      java: talking(async (tools, scope, place) => {
        await open(place, scope);
        const topic = ['--topic', scope.name()];
        await tools.say('found', transactions, [AT, 'find-hanging', ...topic, '--max-transaction-timeout', '1']);
        const id = ['--transactional-id', scope.name('transactional-id')];
        await tools.say('ended', transactions, [AT, 'forceTerminateTransaction', '--transactionalId', id[1] ?? '']);
        const described = await tools.say('described', transactions, [AT, 'describe', ...id], {
          until: (lines) => lines.some((line) => line.includes(' Empty ')),
        });
        tools.note('described', plain(described));
      }),
    },
  },
];

async function open(place: Place, scope: Scope) {
  const topic = await scope.createTopic();
  const producer = await millrace.transactional?.(place, scope, { transactionalId: scope.name('transactional-id') });
  const transaction = await producer?.begin();
  if (transaction === undefined) throw new Error('our client makes transactions');
  await transaction.send(topic, [{ value: 'open' }]);
  return transaction;
}

/** Columns that no two clusters share: the coordinator's id, producer ids, and how long it has been open. */
const changing = new Set([
  'CoordinatorId',
  'Coordinator',
  'ProducerId',
  'TransactionDurationMs',
  'TransactionDuration(ms)',
]);

/** A table without them. */
function plain(lines: readonly string[]): string[] {
  const [head = ''] = lines;
  const at = head.split(' ').flatMap((name, index) => (changing.has(name) ? [index] : []));
  return lines.map((line) =>
    line
      .split(' ')
      .map((word, index) => (at.includes(index) ? '?' : word))
      .join(' '),
  );
}
