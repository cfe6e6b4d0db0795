/** The topics that a capture makes, where they are not there. */
import type { Client } from '@millrace/client';
import type { Origin } from './change-events.ts';
import { progressTopic } from './progress.ts';

export class CaptureTopics {
  readonly #kafka: Client;
  readonly #name: string;
  readonly #partitions: number;
  readonly #there = new Set<string>();

  constructor({ kafka, name, partitions = 1 }: { kafka: Client; name: string; partitions?: number | undefined }) {
    this.#kafka = kafka;
    this.#name = name;
    this.#partitions = partitions;
  }

  /** Those that are not of a table. */
  async ensureOwn({ schemaTopic, transactionTopic }: Origin): Promise<void> {
    const configuration = { 'cleanup.policy': 'compact' };
    await this.#create([
      { topic: progressTopic(this.#name), partitions: 1, configuration },
      // What tables looked like is needed for as long as their rows are.
      { topic: schemaTopic, partitions: 1, configuration: { 'retention.ms': '-1' } },
      { topic: transactionTopic, partitions: 1 },
    ]);
  }

  async ensure(topic: string): Promise<void> {
    if (this.#there.has(topic)) return;
    await this.#create([{ topic, partitions: this.#partitions }]);
    this.#there.add(topic);
  }

  async #create(topics: Parameters<ReturnType<Client['admin']>['createTopics']>[0]): Promise<void> {
    await using admin = this.#kafka.admin();
    for (const { error } of await admin.createTopics(topics)) {
      if (error !== undefined && error.errorName !== 'TOPIC_ALREADY_EXISTS') throw error;
    }
  }
}
