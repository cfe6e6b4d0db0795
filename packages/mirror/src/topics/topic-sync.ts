/**
 * Which topics a mirror copies, and that they are there on the target, with as many partitions as on the source and the
 * configuration that was set there.
 */
import { type Admin, type TopicListing, unwrap } from '@millrace/client';
import { errorCodes, type KafkaError } from '@millrace/wire';
import type { MirrorOptions } from '../mirror.ts';
import { SourceTopicError } from '../mirror-errors.ts';
import { copiedConfiguration } from './topic-configuration.ts';

export interface MirroredTopic {
  /** On the source. */
  readonly topic: string;
  readonly topicId: string;
  readonly targetTopic: string;
  readonly partitions: number;
}

interface Admins {
  readonly source: Admin;
  readonly target: Admin;
}

/** Topics of Kafka's own and of Millrace's are copied only by name. */
const ownTopics = /^(__|millrace\.)/;

export class TopicSync {
  readonly #admins: Admins;
  readonly #options: MirrorOptions;

  constructor(admins: Admins, options: MirrorOptions) {
    this.#admins = admins;
    this.#options = options;
  }

  /**
   * The topics as they are now on the source, made to be on the target. Rejects with `SourceTopicError` when one that
   * was named is not there, `KafkaError` when one can't be made on the target.
   */
  async run(): Promise<MirroredTopic[]> {
    const found = this.#select(await this.#admins.source.listTopics({ internal: true }));
    const topics = found.map(({ topic, topicId, partitionCount }) => {
      return { topic, topicId, targetTopic: this.#options.rename?.(topic) ?? topic, partitions: partitionCount };
    });
    const existing = new Map(
      (await this.#admins.target.listTopics({ internal: true })).map((each) => [each.topic, each.partitionCount]),
    );
    for (const topic of topics) await this.#ensure(topic, existing.get(topic.targetTopic));
    return topics;
  }

  #select(listed: readonly TopicListing[]): TopicListing[] {
    const names = this.#options.topics.filter((topic) => typeof topic === 'string');
    const patterns = this.#options.topics.filter((topic) => typeof topic !== 'string');
    const missing = names.filter((name) => !listed.some(({ topic }) => topic === name));
    if (missing.length > 0) throw new SourceTopicError(missing);
    const isMatched = (topic: string): boolean => patterns.some((pattern) => matchesWhole(pattern, topic));
    return listed.filter(({ topic }) => names.includes(topic) || (!ownTopics.test(topic) && isMatched(topic)));
  }

  async #ensure({ topic, targetTopic, partitions }: MirroredTopic, existing: number | undefined): Promise<void> {
    const { source, target } = this.#admins;
    if (existing === undefined) {
      const configuration = await copiedConfiguration(source, topic);
      const [created] = await target.createTopics([{ topic: targetTopic, partitions, configuration }]);
      if (created?.error !== undefined && !isThereAlready(created.error)) throw created.error;
      const message = `created topic ${targetTopic} on the target, with ${partitions} partitions`;
      this.#options.report?.({ level: 'info', event: 'topic_created', message, topic });
    } else if (existing < partitions) {
      unwrap(await target.createPartitions([{ topic: targetTopic, totalCount: partitions }]));
      const message = `gave topic ${targetTopic} on the target ${partitions} partitions; it had ${existing}`;
      this.#options.report?.({ level: 'info', event: 'partitions_added', message, topic });
    }
  }
}

function isThereAlready(error: KafkaError): boolean {
  return error.errorCode === errorCodes.TOPIC_ALREADY_EXISTS;
}

function matchesWhole(pattern: RegExp, topic: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(topic);
}
