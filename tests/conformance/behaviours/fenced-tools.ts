/** Producers of kcat and of Kafka's tools that another one with their transactional id has fenced. */
import { runKafkaClass, toolClass } from '@millrace/engines';
import { outcomeOf, valuesOf } from '../drivers/driver.ts';
import { commitAfter, kcat } from '../drivers/kcat.ts';
import { millrace } from '../drivers/millrace.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import { kafkaJars } from '../matrix/java-tools.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

export const fencedTools: readonly Behaviour[] = [
  {
    name: 'a transaction of a program that was fenced is not committed, and the program ends with an error',
    apis: ['InitProducerId', 'AddPartitionsToTxn', 'Produce', 'EndTxn'],
    shows: { outcome: 'fenced', read: ['kept'], end: 'CompleteCommit' },
    by: {
      async kcat(place, scope) {
        const [topic, transactionalId] = [await scope.createTopic(), scope.name('transactional-id')];
        const own = { topic, transactionalId, messages: [{ value: 'abandoned' }] };
        const outcome = await outcomeOf(kcat, () =>
          commitAfter(place, scope, own, () => succeed(place, scope, topic, transactionalId)),
        );
        return { outcome: fenced.test(outcome) ? 'fenced' : outcome, ...(await rest(place, scope, topic)) };
      },
      async java(place, scope) {
        const [topic, transactionalId] = [await scope.createTopic(), scope.name('transactional-id')];
        // It goes on for 15 s, whatever becomes of its records, and commits then.
        const words = {
          '--topic': topic,
          '--num-records': '300',
          '--record-size': '10',
          '--throughput': '20',
          '--transactional-id': transactionalId,
          '--transaction-duration-ms': '600000',
          '--bootstrap-server': place.bootstrap(),
        };
        let pid: number | undefined;
        const tool = toolClass('kafka-producer-perf-test');
        const running = runKafkaClass(await kafkaJars(), tool, Object.entries(words).flat(), {
          stopAfterMs: 100_000,
          onStart: (started) => {
            pid = started;
          },
        });
        await settled(() => pid !== undefined && hasRecords(scope, transactionalId), Boolean, 60_000);
        await succeed(place, scope, topic, transactionalId);
        const { code, stdout, stderr } = await running;
        const outcome = code !== 0 && fenced.test(stdout + stderr) ? 'fenced' : `${code}: ${stderr}`;
        return { outcome, ...(await rest(place, scope, topic)) };
      },
    },
  },
];

const fenced = /fenced|PRODUCER_FENCED|INVALID_PRODUCER_EPOCH|ProducerFencedException|InvalidProducerEpochException/i;

async function hasRecords(scope: Scope, transactionalId: string): Promise<boolean> {
  return (await stateOf(scope, transactionalId)) === 'Ongoing';
}

async function stateOf(scope: Scope, transactionalId: string): Promise<string> {
  const [described] = await scope.admin.describeTransactions([transactionalId]);
  return described === undefined || described.error !== undefined ? 'none' : described.state;
}

/** Another producer with the same id does something of its own. */
async function succeed(place: Place, scope: Scope, topic: string, transactionalId: string): Promise<void> {
  const messages = [{ value: 'kept' }];
  await millrace.transact?.(place, scope, { topic, transactionalId, messages, outcome: 'commit' });
}

async function rest(place: Place, scope: Scope, topic: string) {
  const read = await millrace.read(place, scope, { topic, isolation: 'read_committed', count: 1 });
  const end = await settled(
    () => stateOf(scope, scope.name('transactional-id')),
    (state) => state === 'CompleteCommit',
  );
  return { read: valuesOf(read), end };
}
