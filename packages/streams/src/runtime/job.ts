/**
 * A job: one process's part in running a topology on a cluster. Start it in as many processes as there are partitions.
 */
import { type Clock, ClosingStack, messageOf, nodePlatform, randomUuidBytes } from '@millrace/base';
import type { Consumer, TopicPartition } from '@millrace/client';
import { type OrderedStore, openMemoryStore } from '@millrace/store';
import { TopologyError } from '../errors.ts';
import type { SharingRules } from '../sharing/share-tasks.ts';
import { type SubTopology, subTopologies } from '../topology/plan.ts';
import type { Topology } from '../topology/topology.ts';
import { diskPositions } from './disk-positions.ts';
import { changelogName, prepareTopics } from './internal-topics.ts';
import type { JobEvent, JobMetrics } from './job-event.ts';
import type { JobOptions, JobSettings } from './job-options.ts';
import { JobRunner } from './job-runner.ts';
import { MetricCounts } from './metric-counts.ts';
import { PoisonRecords } from './poison-records.ts';
import { RepartitionPurge } from './repartition-purge.ts';
import { StandbyCopies } from './standby-copies.ts';
import { TaskAdmission } from './task-admission.ts';
import { taskAssignor } from './task-assignor.ts';
import { TaskBook, tasksOf } from './task-book.ts';
import { Transactor } from './transactor.ts';

export interface Job extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the job was closed, rejects when it failed. */
  readonly finished: Promise<void>;
  metrics(): JobMetrics;
  /** Commits what is done, leaves the group, and lets go of everything but what it was given. */
  close(): Promise<void>;
}

/**
 * Runs a topology as a member of the consumer group of its name. Resolves when its topics are there and it has begun to
 * join. Rejects with `TopologyError`, `StateMismatchError`, or as the client's calls do.
 */
export async function startJob(topology: Topology, options: JobOptions): Promise<Job> {
  const { client } = options;
  const settings = jobSettings(options);
  const subs = subTopologies(topology.graph).filter(({ sources }) => sources.length > 0);
  if (subs.length === 0) throw new TopologyError(`topology '${topology.name}' has no source`);
  await prepareTopics({
    ...{ client, job: topology.name, graph: topology.graph, subs },
    replicationFactor: options.replicationFactor,
    changelogMarginMs: options.changelogMarginMs ?? 7 * 24 * 60 * 60 * 1000,
  });
  const closing = new ClosingStack();
  const state = options.state ?? closing.use(openMemoryStore());
  const counts = new MetricCounts();
  const processId = await processIdOf(state, settings);
  const transactor = transactorOf(topology.name, subs, processId, settings, options);
  const { clock } = settings.platform;
  const tasks: TaskBook = new TaskBook({
    subs,
    idleMaxMs: settings.idleMaxMs,
    monotonic: () => clock.monotonic(),
    now: () => clock.now(),
    positionOf: (place) => positionOf(consumer, place),
  });
  const poison = poisonOf(transactor, counts, settings);
  const consumer: Consumer = client.consumer({
    group: topology.name,
    topics: subs.flatMap(({ sources }) => sources.map(({ operator }) => operator.topic)),
    from: settings.from,
    commit: 'manual',
    isolation: settings.isExactlyOnce ? 'read_committed' : 'read_uncommitted',
    assignor: taskAssignor({
      rules: sharingRules(options),
      tasksOf: (known) => tasksOf(subs, known),
      report: () => ({
        positions: diskPositions(topology.name, state, subs, clock.now()),
        server: undefined,
        asks: standbys.asks,
      }),
      noted: (note) => standbys.want(note),
    }),
    sessionTimeoutMs: options.sessionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    onAssigned: (partitions) => admission.assigned(partitions),
    onRevoked: (partitions) => admission.revoked(partitions),
    onLost: (partitions) => admission.lost(partitions),
  }) as unknown as Consumer;
  const purge = purgeOf(subs, options, clock);
  const runner = new JobRunner({
    ...{ job: topology.name, settings, consumer, state, transactor, tasks, poison, counts, purge },
    restart: (run) => admission.restart(run),
  });
  const standbys: StandbyCopies = new StandbyCopies({
    ...{ job: topology.name, client, platform: settings.platform, state, subs },
    bytesPerSecond: options.standbyBytesPerSecond ?? 32 * 1024 * 1024,
    acceptableLag: sharingRules(options).acceptableLag,
    running: () => [...tasks.ids(), ...admission.preparing()],
    ask: (reason) => {
      settings.report({ level: 'info', event: 'warmup_ended', message: reason });
      consumer.rebalance(reason);
    },
    copied: (count) => {
      counts.recordsCopied += count;
    },
    warn: (message) => settings.report({ level: 'warn', event: 'standby_retried', message }),
    failed: (error) => runner.fail(error),
  });
  const parts = { job: topology.name, client, settings, consumer, state, tasks, counts, runner, standbys };
  const admission: TaskAdmission = new TaskAdmission(parts);
  return new RunningJob(topology.name, { ...parts, transactor, purge, closing });
}

function transactorOf(
  job: string,
  subs: readonly SubTopology[],
  processId: string,
  { isExactlyOnce, transactionTimeoutMs }: JobSettings,
  { client, compression, bufferBytesMax }: JobOptions,
): Transactor {
  const transactor = new Transactor({
    client,
    transactionalId: isExactlyOnce ? `millrace.streams.${job}.${processId}` : undefined,
    producer: {
      transactionTimeoutMs: isExactlyOnce ? transactionTimeoutMs : undefined,
      compression,
      bufferBytesMax,
      lingerMs: 5,
    },
  });
  const changelogs = new Set(subs.flatMap(({ stores }) => stores.map(({ name }) => changelogName(job, name))));
  transactor.watch((topic) => changelogs.has(topic));
  return transactor;
}

function poisonOf(transactor: Transactor, counts: MetricCounts, { poisonTopic, report }: JobSettings): PoisonRecords {
  return new PoisonRecords({
    topic: poisonTopic,
    write: (record) => transactor.write(record),
    counts,
    report: (message, error) => report({ level: 'warn', event: 'record_set_aside', message, error: error as Error }),
  });
}

function sharingRules({ standbys = 0, acceptableLag = 10_000, warmupsMax = 2 }: JobOptions): SharingRules {
  return { standbys, acceptableLag, warmupsMax };
}

function purgeOf(
  subs: readonly SubTopology[],
  { client, purgeIntervalMs }: JobOptions,
  clock: Clock,
): RepartitionPurge {
  const own = subs.flatMap(({ sources }) => sources.filter(({ operator }) => operator.repartition !== undefined));
  return new RepartitionPurge({
    client,
    topics: new Set(own.map(({ operator }) => operator.topic.name)),
    intervalMs: purgeIntervalMs ?? 30_000,
    monotonic: () => clock.monotonic(),
  });
}

interface JobParts {
  readonly runner: JobRunner;
  readonly consumer: Consumer;
  readonly transactor: Transactor;
  readonly tasks: TaskBook;
  readonly counts: MetricCounts;
  readonly purge: RepartitionPurge;
  readonly standbys: StandbyCopies;
  readonly closing: ClosingStack;
  readonly settings: JobSettings;
}

class RunningJob implements Job {
  readonly name: string;
  readonly finished: Promise<void>;
  readonly #parts: JobParts;

  constructor(name: string, parts: JobParts) {
    this.name = name;
    this.#parts = parts;
    this.finished = this.#run();
    // Whoever waits hears of it; the job itself has reported it.
    this.finished.catch(() => undefined);
  }

  metrics(): JobMetrics {
    const { counts, tasks, standbys } = this.#parts;
    return counts.snapshot(tasks.ids(), standbys.lags());
  }

  async close(): Promise<void> {
    this.#parts.runner.stop();
    await this.finished;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { runner, consumer, transactor, purge, standbys, closing, settings } = this.#parts;
    try {
      await runner.run();
    } catch (error) {
      const message = `job '${this.name}' failed: ${messageOf(error)}`;
      settings.report({ level: 'error', event: 'job_failed', message, error: error as Error });
      throw error;
    } finally {
      // Gives the tasks back, which commits what is done; then nothing is left to write.
      await consumer.close();
      await transactor.close().catch(() => undefined);
      await purge.close();
      await standbys.close();
      await closing.close();
    }
  }
}

function jobSettings(options: JobOptions): JobSettings {
  const isExactlyOnce = options.guarantee !== 'at_least_once';
  const poison = options.poison ?? 'stop';
  return {
    isExactlyOnce,
    commitIntervalMs: options.commitIntervalMs ?? (isExactlyOnce ? 100 : 5_000),
    transactionTimeoutMs: options.transactionTimeoutMs ?? 10_000,
    from: options.from ?? 'earliest',
    poisonTopic: poison === 'stop' ? undefined : poison.topic,
    idleMaxMs: options.idleMaxMs ?? 0,
    cacheBytesMax: options.cacheBytesMax ?? 64 * 1024 * 1024,
    platform: options.platform ?? nodePlatform,
    report: options.report ?? ((_: JobEvent) => undefined),
  };
}

/** The name of this process among those of the job: kept with its state, so that after a crash it ends what it left. */
async function processIdOf(state: OrderedStore, { platform }: JobSettings): Promise<string> {
  const space = state.space('process');
  const key = Buffer.from('id');
  const known = space.get(key);
  if (known !== undefined) return known.toString();
  const id = Buffer.from(randomUuidBytes(platform.randomness)).toString('hex');
  const batch = state.batch();
  batch.put(space, key, Buffer.from(id));
  await state.write(batch);
  return id;
}

function positionOf(consumer: Consumer, place: TopicPartition): number | undefined {
  return consumer.assignment().some((each) => each.topic === place.topic && each.partition === place.partition)
    ? consumer.position(place)
    : undefined;
}
