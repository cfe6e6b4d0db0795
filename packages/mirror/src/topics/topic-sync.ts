/**
 * Which topics a mirror copies, and that they are there on the target: with as many partitions as on the source and the
 * configuration that was set there. Looks again and again, as topics come, grow, and go.
 */
import { isMillraceError, messageOf } from '@millrace/base';
import type { Admin, TopicListing } from '@millrace/client';
import { errorCodes, type KafkaError } from '@millrace/wire';
import type { MirrorOptions } from '../mirror.ts';
import { SourceTopicError } from '../mirror-errors.ts';
import type { MirrorEvent } from '../mirror-event.ts';
import { isMatched, isNamed, type NameFilter } from '../name-filter.ts';
import type { Provenance } from '../provenance/provenance.ts';
import { refusal } from './loop-check.ts';
import { offsetsTopicOf } from './offsets-topic.ts';
import { AclSync } from './topic-acls.ts';
import { ConfigurationSync, copiedConfigurations } from './topic-configuration.ts';
import { allTimes } from './topic-limits.ts';

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

/** Whether a topic of the source is among those that are copied. */
export function isChosen(topics: NameFilter, topic: string): boolean {
  return isNamed(topics, topic) || (!ownTopics.test(topic) && isMatched(topics, topic));
}

export class TopicSync {
  readonly #admins: Admins;
  readonly #options: MirrorOptions;
  readonly #provenance: Provenance;
  readonly #configurations: ConfigurationSync;
  readonly #acls: AclSync | undefined;
  /** What is mirrored, by name on the source. */
  #topics = new Map<string, MirroredTopic>();
  #isSameCluster = false;
  #allTimes: Readonly<Record<string, string>> | undefined;
  /** Topics of which was told that they came from the target. */
  readonly #cameBackTold = new Set<string>();
  /** What was told this time, and the last time, of topics that can't be mirrored as they should. */
  #told = new Set<string>();
  #toldBefore: ReadonlySet<string> = new Set();

  constructor(admins: Admins, options: MirrorOptions, provenance: Provenance) {
    this.#admins = admins;
    this.#options = options;
    this.#provenance = provenance;
    const report = (event: MirrorEvent): void => options.report?.(event);
    this.#configurations = new ConfigurationSync({
      ...admins,
      report,
      failed: (topic, error) => this.#failed(topic, `the configuration of topic ${topic} was not carried over`, error),
    });
    const isWanted = options.acls;
    this.#acls = isWanted === false ? undefined : new AclSync({ ...admins, isWanted, report });
  }

  /** Whether the last run left a topic out, or something of one. */
  get isIncomplete(): boolean {
    return this.#told.size > 0;
  }

  /**
   * The topics as they are now on the source, made to be on the target. Rejects with `SourceTopicError` when one that
   * was named is not there, `LoopError` or `TargetNameError` when one can't be mirrored, `KafkaError` when one can't be
   * made on the target.
   */
  async start(): Promise<MirroredTopic[]> {
    const { source, target } = this.#admins;
    const [from, to] = await Promise.all([source.describeCluster(), target.describeCluster()]);
    this.#isSameCluster = from.clusterId !== null && from.clusterId === to.clusterId;
    const listed = await source.listTopics({ internal: true });
    const missing = this.#missing(listed);
    if (missing.length > 0 && this.#options.absentTopics !== 'await') throw new SourceTopicError(missing);
    await this.#take(listed, (_topic, error) => {
      throw error;
    });
    return [...this.#topics.values()];
  }

  /**
   * The topics as they are now, the same objects where nothing of them has changed. Carries over what has changed;
   * what can't be mirrored is reported and left out, and what may not be is left out. Rejects with `KafkaError`, or a
   * retriable error, when a cluster can't be asked.
   */
  async run(signal: AbortSignal, isPermitted: (topic: string) => boolean): Promise<MirroredTopic[]> {
    const listed = await this.#admins.source.listTopics({ internal: true, signal });
    await this.#provenance.refresh({ signal });
    this.#toldBefore = this.#told;
    this.#told = new Set();
    await this.#take(listed, (topic, error) => this.#failed(topic, `topic ${topic} is not mirrored`, error), signal);
    if (this.#options.absentTopics === 'await') {
      const wait = (topic: string): void =>
        this.#failed(topic, `topic ${topic} is waited for`, new SourceTopicError([topic]));
      this.#missing(listed).forEach(wait);
    }
    const topics = [...this.#topics.values()].filter(({ topic }) => isPermitted(topic));
    const { configuredElsewhere = () => false } = this.#options;
    const configured = topics.filter(({ targetTopic }) => !configuredElsewhere(targetTopic));
    await this.#configurations.run(configured, signal);
    await this.#acls?.run(topics, signal);
    return topics;
  }

  /** Those that are named and are not there. */
  #missing(listed: readonly TopicListing[]): string[] {
    const there = new Set(listed.map(({ topic }) => topic));
    return this.#options.topics.filter((name) => typeof name === 'string' && !there.has(name)).map(String);
  }

  /** Makes `#topics` what can be mirrored of those listed. Only what is new there is asked of the target. */
  async #take(
    listed: readonly TopicListing[],
    failed: (topic: string, error: Error) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const selected = this.#select(listed).map(({ topic, topicId, partitionCount }): MirroredTopic => {
      return { topic, topicId, targetTopic: this.#options.rename?.(topic) ?? topic, partitions: partitionCount };
    });
    const topics = selected.filter((each) => !this.#cameBack(each));
    const isNew = ({ topic, partitions }: MirroredTopic): boolean => {
      return partitions > (this.#topics.get(topic)?.partitions ?? 0);
    };
    const targets = new Map<string, string>();
    // All are looked at before any is made on the target.
    const fit = topics.filter((each) => {
      const refused = refusal(each, targets, this.#options.topics, this.#isSameCluster);
      if (refused !== undefined) failed(each.topic, refused);
      else targets.set(each.targetTopic, each.topic);
      return refused === undefined;
    });
    await this.#provenance.listTopics(fit, { signal });
    const existing = fit.some(isNew) ? await this.#onTarget(signal) : new Map<string, number>();
    const taken = new Map<string, MirroredTopic>();
    for (const each of fit) {
      const known = this.#topics.get(each.topic);
      try {
        if (isNew(each)) await this.#ensure(each, existing.get(each.targetTopic), signal);
        taken.set(each.topic, known !== undefined && isSame(known, each) ? known : each);
      } catch (error) {
        if (signal?.aborted || !isMillraceError(error)) throw error;
        failed(each.topic, error);
        // Those partitions that are there already go on.
        if (known?.topicId === each.topicId) taken.set(each.topic, known);
      }
    }
    for (const { topic, targetTopic } of this.#topics.values()) {
      if (topics.some((each) => each.topic === topic)) continue;
      const message =
        `topic ${topic} was deleted on the source, or may not be seen there any more: it is not copied, ` +
        `and ${targetTopic} stays on the target as it is`;
      this.#options.report?.({ level: 'warn', event: 'topic_deleted', message, topic });
    }
    this.#topics = taken;
  }

  #select(listed: readonly TopicListing[]): TopicListing[] {
    return listed.filter(({ topic }) => isChosen(this.#options.topics, topic));
  }

  /**
   * Whether a pattern matches what the mirrors made of a topic of the target: its copy would be matched there in its
   * turn, and so on. Tells of it once.
   */
  #cameBack(mirrored: MirroredTopic): boolean {
    const { topic, targetTopic } = mirrored;
    const original = isNamed(this.#options.topics, topic) ? undefined : this.#provenance.otherNameOf(mirrored);
    if (original === undefined || this.#cameBackTold.has(topic)) return original !== undefined;
    this.#cameBackTold.add(topic);
    const message =
      `topic ${topic} is left out: it holds records of ${original} on the target, where it would be ${targetTopic}; ` +
      'name it to have the others of its records copied';
    this.#options.report?.({ level: 'info', event: 'topic_left_out', message, topic });
    return true;
  }

  async #onTarget(signal: AbortSignal | undefined): Promise<Map<string, number>> {
    const listed = await this.#admins.target.listTopics({ internal: true, signal });
    return new Map(listed.map(({ topic, partitionCount }) => [topic, partitionCount]));
  }

  async #ensure(
    { topic, targetTopic, partitions }: MirroredTopic,
    existing: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { source, target } = this.#admins;
    if (existing === undefined) {
      const configuration = Object.fromEntries(
        (await copiedConfigurations('source', source, [topic], signal)).get(topic) ?? [],
      );
      // Records of long ago, or of clocks that are wrong, are no reason to stop.
      this.#allTimes ??= await allTimes(target, offsetsTopicOf(this.#options.name), signal);
      Object.assign(configuration, this.#allTimes);
      const { replicationFactor } = this.#options;
      const made = { topic: targetTopic, partitions, replicationFactor, configuration };
      const [created] = await target.createTopics([made], { signal });
      if (created?.error !== undefined && !isThereAlready(created.error)) throw created.error;
      const message = `created topic ${targetTopic} on the target, with ${partitions} partitions`;
      this.#options.report?.({ level: 'info', event: 'topic_created', message, topic });
    } else if (existing < partitions) {
      const [added] = await target.createPartitions([{ topic: targetTopic, totalCount: partitions }], { signal });
      if (added?.error !== undefined && !(await this.#hasPartitions(targetTopic, partitions, signal)))
        throw added.error;
      const message = `gave topic ${targetTopic} on the target ${partitions} partitions; it had ${existing}`;
      this.#options.report?.({ level: 'info', event: 'partitions_added', message, topic });
    }
  }

  /** Another worker may have been quicker. */
  async #hasPartitions(topic: string, count: number, signal: AbortSignal | undefined): Promise<boolean> {
    return ((await this.#onTarget(signal)).get(topic) ?? 0) >= count;
  }

  /** Reports what keeps a topic from being mirrored as it should, unless that was so the last time. */
  #failed(topic: string, what: string, error: Error): void {
    const message = `${what}: ${messageOf(error)}`;
    this.#told.add(message);
    if (this.#toldBefore.has(message)) return;
    this.#options.report?.({ level: 'warn', event: 'topic_failed', message, topic, error });
  }
}

function isSame(left: MirroredTopic, right: MirroredTopic): boolean {
  return (
    left.topicId === right.topicId && left.targetTopic === right.targetTopic && left.partitions === right.partitions
  );
}

function isThereAlready(error: KafkaError): boolean {
  return error.errorCode === errorCodes.TOPIC_ALREADY_EXISTS;
}
