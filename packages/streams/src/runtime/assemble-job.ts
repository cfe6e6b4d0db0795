/**
 * Puts a job together: its parts know each other, and each asks the others only once the job runs.
 */
import type { Clock } from '@millrace/base';
import type { Client, Consumer, TopicPartition } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import type { SharingRules } from '../sharing/share-tasks.ts';
import { type SubTopology, upstreamTasks } from '../topology/plan.ts';
import { DeadLetters } from './dead-letters.ts';
import { diskPositions } from './disk-positions.ts';
import { changelogName } from './internal-topics.ts';
import type { JobOptions, JobSettings } from './job-options.ts';
import { JobRunner } from './job-runner.ts';
import { MetricCounts } from './metric-counts.ts';
import { PoisonRecords } from './poison-records.ts';
import { RepartitionPurge } from './repartition-purge.ts';
import { StandbyCopies } from './standby-copies.ts';
import { StateSweep } from './state-sweep.ts';
import { TaskAdmission } from './task-admission.ts';
import { taskAssignor } from './task-assignor.ts';
import { TaskBook, tasksOf } from './task-book.ts';
import { Transactor } from './transactor.ts';
import { WatermarkMarks } from './watermark-marks.ts';

export interface JobPlan {
  readonly job: string;
  readonly subs: readonly SubTopology[];
  /** Of all topics that the job reads. */
  readonly partitionCounts: ReadonlyMap<string, number>;
  readonly options: JobOptions;
  readonly settings: JobSettings;
  readonly state: OrderedStore;
  readonly processId: string;
}

export interface JobParts {
  readonly job: string;
  readonly client: Client;
  readonly settings: JobSettings;
  readonly state: OrderedStore;
  readonly counts: MetricCounts;
  readonly transactor: Transactor;
  readonly tasks: TaskBook;
  readonly poison: PoisonRecords;
  readonly consumer: Consumer;
  readonly purge: RepartitionPurge;
  readonly marks: WatermarkMarks;
  readonly runner: JobRunner;
  readonly standbys: StandbyCopies;
  readonly admission: TaskAdmission;
}

export function assembleJob(plan: JobPlan): JobParts {
  const { job, subs, partitionCounts, options, settings, state } = plan;
  const { clock } = settings.platform;
  const counts = new MetricCounts();
  const transactor = transactorOf(plan);
  const poison = poisonOf(transactor, counts, settings, state.traits.keyBytesMax);
  const tasks = new TaskBook({
    subs,
    idleMaxMs: settings.idleMaxMs,
    monotonic: () => clock.monotonic(),
    now: () => clock.now(),
    positionOf: (place) => positionOf(parts.consumer, place),
  });
  const marks = new WatermarkMarks({
    write: (record) => transactor.write(record),
    partitionsOf: (name) => partitionCounts.get(name) ?? 0,
    writers: () => tasks.writers(),
    monotonic: () => clock.monotonic(),
  });
  const consumer = consumerOf(plan, () => parts);
  const purge = purgeOf(subs, options, clock);
  const common = { job, client: options.client, settings, consumer, state, tasks, counts };
  const runner = new JobRunner({
    ...{ ...common, transactor, poison, purge, marks },
    upstreamsOf: (sub) => upstreamTasks(sub, subs, partitionCounts),
    restart: (run) => parts.admission.restart(run),
  });
  const standbys = standbysOf(plan, () => parts);
  const admission = new TaskAdmission({ ...common, runner, poison, standbys });
  const parts: JobParts = { ...common, transactor, poison, purge, marks, runner, standbys, admission };
  return parts;
}

function consumerOf({ job, subs, options, settings, state }: JobPlan, parts: () => JobParts): Consumer {
  return options.client.consumer({
    group: job,
    topics: subs.flatMap(({ sources }) => sources.map(({ operator }) => operator.topic)),
    from: settings.from,
    commit: 'manual',
    isolation: settings.isExactlyOnce ? 'read_committed' : 'read_uncommitted',
    assignor: taskAssignor({
      rules: sharingRules(options),
      tasksOf: (known) => tasksOf(subs, known),
      report: () => ({
        positions: diskPositions(job, state, subs, settings.platform.clock.now()),
        server: options.applicationServer,
        asks: parts().standbys.asks,
      }),
      noted: (note) => parts().standbys.want(note),
    }),
    sessionTimeoutMs: options.sessionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    onAssigned: (partitions) => parts().admission.assigned(partitions),
    onRevoked: (partitions) => parts().admission.revoked(partitions),
    onLost: (partitions) => parts().admission.lost(partitions),
  }) as unknown as Consumer;
}

function standbysOf({ job, subs, options, settings, state }: JobPlan, parts: () => JobParts): StandbyCopies {
  const keptMs = options.stateKeptMs ?? 600_000;
  return new StandbyCopies({
    ...{ job, client: options.client, platform: settings.platform, state, subs },
    sweep: new StateSweep({ job, state, subs, keptMs, monotonic: () => settings.platform.clock.monotonic() }),
    sweepMs: Math.min(keptMs, 60_000),
    bytesPerSecond: options.standbyBytesPerSecond ?? 32 * 1024 * 1024,
    acceptableLag: sharingRules(options).acceptableLag,
    running: () => [...parts().tasks.ids(), ...parts().admission.preparing()],
    ask: (reason) => {
      settings.report({ level: 'info', event: 'warmup_ended', message: reason });
      parts().consumer.rebalance(reason);
    },
    copied: (count) => {
      parts().counts.recordsCopied += count;
    },
    warn: (message) => settings.report({ level: 'warn', event: 'standby_retried', message }),
    failed: (error) => parts().runner.fail(error),
  });
}

function transactorOf({ job, subs, processId, settings, options }: JobPlan): Transactor {
  const { isExactlyOnce, transactionTimeoutMs } = settings;
  const { client, compression, bufferBytesMax } = options;
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

function poisonOf(
  transactor: Transactor,
  counts: MetricCounts,
  { poisonTopic: topic, report, platform }: JobSettings,
  keyBytesMax: number,
): PoisonRecords {
  if (topic === undefined) return new PoisonRecords({ keyBytesMax, letters: undefined });
  const letters = new DeadLetters({
    ...{ topic, counts, now: () => platform.clock.now() },
    write: (record) => transactor.write(record),
    report: (event, message, error) => report({ level: 'warn', event, message, error: error as Error }),
  });
  return new PoisonRecords({ keyBytesMax, letters });
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

function positionOf(consumer: Consumer, place: TopicPartition): number | undefined {
  return consumer.assignment().some((each) => each.topic === place.topic && each.partition === place.partition)
    ? consumer.position(place)
    : undefined;
}
