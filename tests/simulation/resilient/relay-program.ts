/**
 * A program that copies one topic to another exactly once, in transactions that its group's offsets are part of, while
 * both topics go from cluster to cluster together. It ends and is started anew now and then.
 */
import type { InstanceKeyPair } from '@millrace/api/config';
import { isMillraceError, type MillraceError } from '@millrace/base';
import { ClosedError, type Consumer, type ConsumerBatch, type Producer } from '@millrace/client';
import { ClientCore, ClusterClients, makeConsumer, makeProducer } from '@millrace/resilient/testing/switch-parts';
import { checkReleased } from '../client/client-options.ts';
import type { ActorHome } from '../oracle/actor.ts';
import type { Coverage } from '../oracle/coverage.ts';
import { group, type RelayAnswers, topics } from './relay-answers.ts';
import type { RelayMover } from './relay-mover.ts';
import type { RelayScenario } from './relay-scenario.ts';

/** Nothing is sealed to it here. */
const key = {} as InstanceKeyPair;
type Place = { readonly name: string; readonly generation: number };

/** A failure of the program's own. */
class WorkFailed extends Error {}

export interface RelayProgramParts {
  readonly home: ActorHome;
  readonly scenario: RelayScenario;
  readonly answers: RelayAnswers;
  readonly mover: RelayMover;
  readonly coverage: Coverage;
}

export class RelayProgram {
  readonly done: Promise<void>;
  readonly #parts: RelayProgramParts;
  /** What its directory remembers, over its lives. */
  readonly #homes = new Map<string, Place>();
  #isOver = false;
  #end = new AbortController();

  constructor(parts: RelayProgramParts) {
    this.#parts = parts;
    this.done = parts.home.work(async () => {
      while (!this.#isOver) await this.#live();
    });
  }

  /** Ends what it has begun, and itself. */
  stop(): void {
    this.#isOver = true;
    this.#end.abort();
  }

  async #live(): Promise<void> {
    const { home, scenario, coverage, mover } = this.#parts;
    const core = this.#core();
    this.#end = new AbortController();
    if (this.#isOver) return;
    const { signal } = this.#end;
    const leave = (): void => {
      this.#end.abort();
      core.end(new ClosedError('client'));
    };
    signal.addEventListener('abort', leave, { once: true });
    const timer = home.platform.timers.after(home.randomness.float() * scenario.lifeMsMax, leave);
    coverage.add('starts of the program');
    mover.starts();
    const parts: (Producer | Consumer)[] = [];
    try {
      const producer = await makeProducer(core, {
        ...{ topic: topics.producer, transactionalId: 'relay' },
      });
      parts.push(producer);
      const consumer = await makeConsumer(core, { topics: [topics.consumer], group, commit: 'manual' });
      parts.unshift(consumer as Consumer);
      for await (const batch of consumer.batches({ signal })) await this.#copy(batch, producer, consumer);
    } catch (error) {
      if (isMillraceError(error, 'group_not_translated')) coverage.add('starts before the translation');
      else if (!signal.aborted && !isMillraceError(error, 'closed')) throw error;
    } finally {
      timer.cancel();
      core.end(new ClosedError('client'));
      for (const each of parts) await this.#close(each);
    }
    checkReleased(home);
  }

  async #copy(batch: ConsumerBatch, producer: Producer, consumer: Consumer<string>): Promise<void> {
    const { home, coverage, mover } = this.#parts;
    const records = [...batch].map(({ offset, keyBytes, valueBytes }) => {
      const cluster = Buffer.from(keyBytes ?? []).toString();
      const value = Buffer.from(valueBytes ?? []).toString();
      mover.handedOut(cluster, batch.partition, offset);
      return { topic: topics.producer, partition: batch.partition, value };
    });
    try {
      await producer.transaction(
        async (transaction) => {
          const isFirst = home.randomness.integer(2) === 0;
          if (isFirst) await transaction.sendOffsets(consumer);
          for (const record of records) transaction.write(record);
          if (!isFirst) await transaction.sendOffsets(consumer);
          if (home.randomness.integer(12) === 0) throw new WorkFailed();
        },
        { attemptsMax: 1 + home.randomness.integer(3) },
      );
      coverage.add('transactions');
    } catch (error) {
      const isOwn = error instanceof WorkFailed;
      if (!isOwn && (!isMillraceError(error) || isMillraceError(error, 'producer_fenced'))) throw error;
      coverage.add(isOwn ? 'work that failed' : 'transactions that failed');
      home.note(`the program goes on after: ${error.message}`);
    }
  }

  async #close(part: Producer | Consumer): Promise<void> {
    try {
      await part.close();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#parts.home.note(`the program did not close cleanly: ${(error as MillraceError).message}`);
    }
  }

  #core(): ClientCore {
    const { home, answers, scenario } = this.#parts;
    const { platform } = home;
    const report = ({ level, message }: { readonly level: string; readonly message: string }): void =>
      home.note(`program ${level}: ${message}`);
    const homes = {
      of: (_group: string, topic: string) => this.#homes.get(topic),
      set: async (_group: string, topic: string, place: Place) => void this.#homes.set(topic, place),
    };
    return new ClientCore({
      ...{ platform, report, source: answers.source, clients: new ClusterClients(platform, report) },
      store: { instance: { key }, homes, clusterIds: { incarnation: () => 0, idOf: () => undefined } },
      ...{ answerTimeoutMs: 2_000, drainTimeoutMs: scenario.drainTimeoutMs },
    });
  }
}
