/**
 * All topics of the cluster. What exists is in the journal; the records are under `topics/<name>.<id>/<partition>/`. A
 * directory without a topic in the journal is what a deletion left behind, and is removed at start; so that no loss of
 * power makes an orphan of a directory with records, every change is synced before it counts.
 */
import { type Disk, MillraceError, messageOf, type Randomness, randomUuidBytes } from '@millrace/base';
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import type { Journal, JournalSection } from '../journal/journal.ts';
import type { LogEnvironment } from '../log/log-environment.ts';
import type { ReplicaTable } from '../replication/replica-table.ts';
import type { Partition } from './partition.ts';
import { Topic } from './topic.ts';
import { metricName } from './topic-name.ts';

type TopicEntry =
  | {
      readonly kind: 'create';
      readonly id: string;
      readonly name: string;
      readonly assignment: readonly (readonly number[])[];
      readonly configuration: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'configure'; readonly id: string; readonly configuration: Readonly<Record<string, string>> }
  | {
      readonly kind: 'grow';
      readonly id: string;
      readonly first: number;
      readonly assignment: readonly (readonly number[])[];
    }
  | { readonly kind: 'advance'; readonly id: string; readonly starts: readonly (readonly [number, number])[] };

export interface TopicCatalogOptions {
  /** Absolute path of the directory that holds all topics' directories. */
  readonly directory: string;
  readonly replicaTable: ReplicaTable;
  readonly configuration: ClusterConfiguration;
  readonly environment: LogEnvironment;
  readonly randomness: Randomness;
  readonly journal: Journal;
}

/** A topic of this name is there, or one whose name is the same in metrics. */
export class TopicExistsError extends MillraceError {
  readonly code = 'topic_exists';

  /** The name of the topic that is in the way: the same, or one that is the same in metrics. */
  readonly existing: string;

  constructor(existing: string) {
    super(`Topic '${existing}' already exists.`);
    this.existing = existing;
  }
}

export class TopicCatalog {
  readonly #options: TopicCatalogOptions;
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  readonly #byMetricName = new Map<string, Topic>();
  /** Topics under way, by their names in metrics; the promises never reject. */
  readonly #creating = new Map<string, Promise<void>>();
  /** Where DeleteRecords moved the start of partitions to, by topic id and partition. */
  readonly #starts = new Map<string, Map<number, number>>();
  readonly #section: JournalSection<TopicEntry>;
  readonly #deletionListeners: ((topic: Topic) => void)[] = [];
  readonly #removals = new Set<Promise<void>>();
  #version = 0;
  /** The last change of a configuration; never rejects. */
  #configuring: Promise<void> = Promise.resolve();

  constructor(options: TopicCatalogOptions) {
    this.#options = options;
    this.#section = options.journal.section<TopicEntry>('topics', {
      apply: (entry) => this.#apply(entry),
      snapshot: () => this.#snapshot(),
    });
  }

  /** Absolute path of the directory that holds all topics' directories. */
  get directory(): string {
    return this.#options.directory;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** With the topics that are being created. */
  get sizeToCome(): number {
    return this.#byName.size + this.#creating.size;
  }

  /** Another number after each creation, deletion and growth of a topic. */
  get version(): number {
    return this.#version;
  }

  /** All topics in order of creation. */
  all(): Iterable<Topic> {
    return this.#byName.values();
  }

  byName(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  /** The topic that has this name in metrics, where "." and "_" are the same. */
  likeInMetrics(name: string): Topic | undefined {
    return this.#byMetricName.get(metricName(name));
  }

  byId(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  /** The topic that a request means by a name, or by an id where it has no name. */
  find(name: string | null, id: string): Topic | undefined {
    return name ? this.byName(name) : this.byId(id);
  }

  onDeleted(listener: (topic: Topic) => void): void {
    this.#deletionListeners.push(listener);
  }

  /** Creates a topic whose name and configuration were found valid. Rejects with `TopicExistsError`, `DiskError`. */
  async create(
    name: string,
    assignment: readonly (readonly number[])[],
    configuration: ReadonlyMap<string, string>,
  ): Promise<Topic> {
    const key = metricName(name);
    // One that is under way may yet fail, so nobody is told that it exists.
    while (this.#creating.has(key)) await this.#creating.get(key);
    const existing = this.#byName.get(name) ?? this.#byMetricName.get(key);
    if (existing !== undefined) throw new TopicExistsError(existing.name);
    const id = Buffer.from(randomUuidBytes(this.#options.randomness)).toString('base64url');
    const entry = { kind: 'create', id, name, assignment, configuration: Object.fromEntries(configuration) } as const;
    const created = this.#section.append(entry, { sync: true });
    const settled = (): void => void this.#creating.delete(key);
    this.#creating.set(key, created.then(settled, settled));
    await created;
    return this.#byId.get(id) as Topic;
  }

  /** Deletes a topic: at once for clients, its files in the background. */
  async delete(topic: Topic): Promise<void> {
    await this.#section.append({ kind: 'delete', id: topic.id }, { sync: true });
    for (const listener of this.#deletionListeners) listener(topic);
    const removal = this.#removeFiles(topic).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Resolves once the files of all deleted topics are gone. */
  async removed(): Promise<void> {
    await Promise.all(this.#removals);
  }

  /**
   * Replaces what the topic itself sets by what `change` makes of it, one change at a time. Rejects with what that
   * throws when the outcome is not valid.
   */
  configure(
    topic: Topic,
    change: (present: ReadonlyMap<string, string>) => ReadonlyMap<string, string>,
  ): Promise<void> {
    const configured = this.#configuring.then(() => {
      const configuration = Object.fromEntries(change(topic.configuration));
      return this.#section.append({ kind: 'configure', id: topic.id, configuration }, { sync: true });
    });
    this.#configuring = configured.catch(() => undefined);
    return configured;
  }

  /** Adds partitions behind the topic's last one. */
  grow(topic: Topic, assignment: readonly (readonly number[])[]): Promise<void> {
    const entry = { kind: 'grow', id: topic.id, first: topic.partitions.length, assignment } as const;
    return this.#section.append(entry, { sync: true });
  }

  /** Moves the start of a partition forward to an offset between its start and its high watermark. */
  async advanceStart(topic: Topic, partition: Partition, offset: number): Promise<void> {
    await this.#section.append({ kind: 'advance', id: topic.id, starts: [[partition.index, offset]] }, { sync: true });
    await partition.log?.advanceStart(offset);
  }

  /** Reads what the partitions' directories hold, after the journal was replayed. */
  async recover(): Promise<void> {
    const { directory, environment } = this.#options;
    const topics = new Map([...this.all()].map((topic) => [topic.directory.slice(directory.length + 1), topic]));
    for (const entry of await environment.disk.list(directory)) {
      const topic = topics.get(entry.name);
      if (topic === undefined) await environment.disk.remove(`${directory}/${entry.name}`);
      else await this.#recoverTopic(topic, environment.disk);
    }
  }

  /** Partitions that have a log. */
  *logged(): Iterable<Partition> {
    for (const topic of this.all()) {
      for (const partition of topic.partitions) if (partition.log !== undefined) yield partition;
    }
  }

  async #recoverTopic(topic: Topic, disk: Disk): Promise<void> {
    const starts = this.#starts.get(topic.id);
    const entries = await disk.list(topic.directory);
    const recovered = await Promise.allSettled(
      entries.map(async ({ name }) => {
        const partition = topic.partitions[Number(name)];
        if (partition !== undefined) await partition.openLog().recover(starts?.get(partition.index) ?? 0);
      }),
    );
    // Only now, so that nothing is still at work on the files when the failure is told.
    for (const outcome of recovered) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #removeFiles(topic: Topic): Promise<void> {
    try {
      for (const partition of topic.partitions) await partition.log?.remove();
      await this.#options.environment.disk.remove(topic.directory);
    } catch (error) {
      const message = `could not remove ${topic.directory} of deleted topic ${topic.name}: ${messageOf(error)}`;
      this.#options.environment.report({ level: 'warn', message: `${message}; the next start tries again` });
    }
  }

  #apply(entry: TopicEntry): void {
    if (entry.kind === 'create' || entry.kind === 'delete' || entry.kind === 'grow') this.#version += 1;
    if (entry.kind === 'create') return this.#applyCreate(entry);
    const topic = this.#byId.get(entry.id);
    if (topic === undefined) return;
    if (entry.kind === 'delete') {
      this.#byId.delete(topic.id);
      this.#byName.delete(topic.name);
      const key = metricName(topic.name);
      if (this.#byMetricName.get(key) === topic) this.#byMetricName.delete(key);
      this.#starts.delete(topic.id);
      topic.markDeleted();
    } else if (entry.kind === 'configure') topic.setConfiguration(new Map(Object.entries(entry.configuration)));
    else if (entry.kind === 'grow') {
      if (entry.first === topic.partitions.length) topic.addPartitions(entry.assignment.map(interned()));
    } else {
      const starts = this.#starts.get(entry.id) ?? new Map<number, number>();
      for (const [partition, offset] of entry.starts) {
        starts.set(partition, Math.max(offset, starts.get(partition) ?? 0));
      }
      this.#starts.set(entry.id, starts);
    }
  }

  #applyCreate(entry: Extract<TopicEntry, { kind: 'create' }>): void {
    const { directory, configuration: cluster, environment } = this.#options;
    const topic = new Topic({
      name: entry.name,
      id: entry.id,
      directory: `${directory}/${directoryName(entry.name, entry.id)}`,
      assignment: entry.assignment.map(interned()),
      configuration: new Map(Object.entries(entry.configuration)),
      cluster,
      environment,
      replicaTable: this.#options.replicaTable,
    });
    this.#byName.set(topic.name, topic);
    this.#byMetricName.set(metricName(topic.name), topic);
    this.#byId.set(topic.id, topic);
  }

  *#snapshot(): Iterable<TopicEntry> {
    for (const topic of this.all()) {
      yield {
        kind: 'create',
        id: topic.id,
        name: topic.name,
        assignment: topic.partitions.map((partition) => partition.replicas),
        configuration: Object.fromEntries(topic.configuration),
      };
      const starts = this.#starts.get(topic.id);
      if (starts !== undefined) yield { kind: 'advance', id: topic.id, starts: [...starts] };
    }
  }
}

/** A topic's directory: its name to be read by people, its id because a name may come back after a deletion. */
function directoryName(name: string, id: string): string {
  const hex = Buffer.from(id, 'base64url').toString('hex');
  return `${name.slice(0, 200)}.${hex}`;
}

/** Makes equal replica lists of one entry the same array. */
function interned(): (replicas: readonly number[]) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (replicas) => {
    const key = replicas.join();
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, replicas);
    return replicas;
  };
}
