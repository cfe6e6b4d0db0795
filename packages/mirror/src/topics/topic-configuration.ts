/** What of topics' configuration a mirror carries over: what is set for the topic itself, but for what is left out. */
import type { Admin, ConfigurationChange } from '@millrace/client';
import { answerError } from '@millrace/client/protocol';
import type { MirrorReport } from '../mirror-event.ts';
import type { MirroredTopic } from './topic-sync.ts';

/**
 * Left to the target: what concerns its own replicas, what would change records' times or refuse them for being old,
 * which those of a mirror may be, and what is about formats that Kafka 4 has no more, and knows no settings for.
 */
const leftOut: ReadonlySet<string> = new Set([
  'follower.replication.throttled.replicas',
  'leader.replication.throttled.replicas',
  'message.downconversion.enable',
  'message.format.version',
  'message.timestamp.type',
  'message.timestamp.before.max.ms',
  'message.timestamp.after.max.ms',
  'message.timestamp.difference.max.ms',
  'min.insync.replicas',
  'unclean.leader.election.enable',
]);

/** How many topics one request asks about. */
const describedMax = 200;

type Configuration = ReadonlyMap<string, string>;

/** Of each topic that can be told of what was set for it; of none that was just deleted. Rejects with `KafkaError`. */
export async function copiedConfigurations(
  side: 'source' | 'target',
  admin: Admin,
  topics: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, Configuration>> {
  const resources = topics.map((name) => ({ type: 'topic' as const, name }));
  const configurations = new Map<string, Configuration>();
  for (const described of await admin.describeConfigs(resources, { signal })) {
    if (described.error?.errorName === 'UNKNOWN_TOPIC_OR_PARTITION') continue;
    if (described.error !== undefined) {
      const needed = { operation: 'describe-configs', resourceType: 'topic', resourceName: described.name } as const;
      const action = `describe the configuration of topic ${described.name} of the ${side}`;
      throw answerError(described.error.errorCode, action, null, needed);
    }
    const set = described.entries.filter(
      ({ name, value, source }) => source === 'topic' && value !== null && !leftOut.has(name),
    );
    configurations.set(described.name, new Map(set.map(({ name, value }) => [name, value ?? ''])));
  }
  return configurations;
}

export interface ConfigurationSyncOptions {
  readonly source: Admin;
  readonly target: Admin;
  readonly report: MirrorReport;
  /** Told of a topic whose changes the target refuses. */
  readonly failed: (topic: string, error: Error) => void;
}

/**
 * Carries changes of the source's configuration over. What is set on the source is so on the target; what an earlier
 * run found set on the source and is set no more is unset on the target, where it still has the value that was carried
 * over. What is set on the target alone is left alone. Earlier runs are those of this process.
 */
export class ConfigurationSync {
  readonly #options: ConfigurationSyncOptions;
  /** What was last carried over, by source topic. */
  readonly #carried = new Map<string, Configuration>();

  constructor(options: ConfigurationSyncOptions) {
    this.#options = options;
  }

  /** The topics must be on both sides, but may be deleted meanwhile. Rejects with `KafkaError`. */
  async run(topics: readonly MirroredTopic[], signal: AbortSignal): Promise<void> {
    for (let first = 0; first < topics.length; first += describedMax) {
      await this.#carry(topics.slice(first, first + describedMax), signal);
    }
  }

  async #carry(topics: readonly MirroredTopic[], signal: AbortSignal): Promise<void> {
    const { source, target, report, failed } = this.#options;
    const [wanted, there] = await Promise.all([
      copiedConfigurations(
        'source',
        source,
        topics.map(({ topic }) => topic),
        signal,
      ),
      copiedConfigurations(
        'target',
        target,
        topics.map(({ targetTopic }) => targetTopic),
        signal,
      ),
    ]);
    const due = topics.flatMap(({ topic, targetTopic }) => {
      const [now, then] = [wanted.get(topic), there.get(targetTopic)];
      if (now === undefined || then === undefined) return [];
      const changes = changesOf(now, this.#carried.get(topic), then);
      if (changes.length === 0) this.#carried.set(topic, now);
      return changes.length === 0 ? [] : [{ topic, now, type: 'topic' as const, name: targetTopic, changes }];
    });
    const results = due.length === 0 ? [] : await target.incrementalAlterConfigs(due, { signal });
    for (const [place, { topic, name, now, changes }] of due.entries()) {
      const error = results[place]?.error;
      if (error !== undefined) {
        failed(topic, error);
        continue;
      }
      this.#carried.set(topic, now);
      const names = changes.map((change) => change.name).join(', ');
      const message = `carried the configuration of topic ${topic} over to ${name} on the target: ${names}`;
      report({ level: 'info', event: 'configuration_changed', message, topic });
    }
  }
}

function changesOf(
  now: Configuration,
  carried: Configuration | undefined,
  there: Configuration,
): ConfigurationChange[] {
  const changes: ConfigurationChange[] = [];
  for (const [name, value] of now) if (there.get(name) !== value) changes.push({ name, operation: 'set', value });
  for (const [name, value] of carried ?? []) {
    if (!now.has(name) && there.get(name) === value) changes.push({ name, operation: 'delete' });
  }
  return changes;
}
