/**
 * A job: one process's part in running a topology on a cluster. Start it in as many processes as there are partitions.
 */
import { ClosingStack, messageOf, nodePlatform, randomUuidBytes } from '@millrace/base';
import { type OrderedStore, openMemoryStore } from '@millrace/store';
import { TopologyError } from '../errors.ts';
import { type QueryHandler, type QueryOptions, queryHandler, type TaskStatus } from '../queries/query-handler.ts';
import { subTopologies } from '../topology/plan.ts';
import type { Topology } from '../topology/topology.ts';
import { assembleJob, type JobParts, type JobPlan } from './assemble-job.ts';
import { prepareTopics } from './internal-topics.ts';
import type { JobEvent, JobMetrics } from './job-event.ts';
import type { JobOptions, JobSettings } from './job-options.ts';

export interface Job extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the job was closed, rejects when it failed. */
  readonly finished: Promise<void>;
  metrics(): JobMetrics;
  /** Answers questions about the state over HTTP, of all processes of the job: see `QueryOptions`. */
  queries(options?: QueryOptions): QueryHandler;
  /**
   * Commits what is done, leaves the group, and lets go of everything but what it was given. When the signal aborts it
   * does not wait for the cluster any longer: what is not committed by then is done again by whoever goes on.
   */
  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/**
 * Runs a topology as a member of the consumer group of its name. Resolves when its topics are there and it has begun to
 * join. Rejects with `TopologyError`, `StateMismatchError`, or as the client's calls do.
 */
export async function startJob(topology: Topology, options: JobOptions): Promise<Job> {
  const { name, graph } = topology;
  const { client } = options;
  const settings = jobSettings(options);
  const subs = subTopologies(graph).filter(({ sources }) => sources.length > 0);
  if (subs.length === 0) throw new TopologyError(`topology '${name}' has no source`);
  const partitionCounts = await prepareTopics({
    ...{ client, job: name, graph, subs },
    replicationFactor: options.replicationFactor,
    changelogMarginMs: options.changelogMarginMs ?? 7 * 24 * 60 * 60 * 1000,
  });
  const closing = new ClosingStack();
  const state = options.state ?? closing.use(openMemoryStore());
  const processId = await processIdOf(state, settings);
  const plan = { job: name, subs, partitionCounts, options, settings, state, processId };
  return new RunningJob(plan, assembleJob(plan), closing);
}

class RunningJob implements Job {
  readonly finished: Promise<void>;
  readonly #parts: JobParts;
  readonly #plan: JobPlan;
  readonly #closing: ClosingStack;

  constructor(plan: JobPlan, parts: JobParts, closing: ClosingStack) {
    this.#parts = parts;
    this.#plan = plan;
    this.#closing = closing;
    this.finished = this.#run();
    // Whoever waits hears of it; the job itself has reported it.
    this.finished.catch(() => undefined);
  }

  get name(): string {
    return this.#parts.job;
  }

  metrics(): JobMetrics {
    const { counts, tasks, standbys } = this.#parts;
    const runs = [...tasks.runs()].filter(({ task }) => task === undefined);
    const restoring = Object.fromEntries(runs.map(({ id, allOffsetsLeft }) => [id, allOffsetsLeft]));
    return counts.snapshot({ tasks: tasks.ids(), restoring, standbyLags: standbys.lags() });
  }

  queries(options: QueryOptions = {}): QueryHandler {
    const { job, subs, partitionCounts, state } = this.#plan;
    const { standbys } = this.#parts;
    const status = (task: string): TaskStatus => this.#statusOf(task);
    return queryHandler({ job, subs, partitionCounts, state, status, places: () => standbys.places }, options);
  }

  async close({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { runner, transactor } = this.#parts;
    runner.stop();
    const letGo = (): void => void transactor.letGo();
    signal?.addEventListener('abort', letGo, { once: true });
    if (signal?.aborted) letGo();
    try {
      await this.finished;
    } finally {
      signal?.removeEventListener('abort', letGo);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #statusOf(task: string): TaskStatus {
    const { tasks, standbys } = this.#parts;
    const run = tasks.get(task);
    if (run?.task !== undefined) return { is: 'running' };
    if (run !== undefined) return { is: 'restoring', offsetsLeft: run.allOffsetsLeft };
    const lags = standbys.lags();
    return task in lags ? { is: 'standby', offsetsBehind: lags[task] } : { is: 'elsewhere' };
  }

  async #run(): Promise<void> {
    const { runner, consumer, transactor, purge, standbys } = this.#parts;
    try {
      await runner.run();
    } catch (error) {
      const message = `job '${this.name}' failed: ${messageOf(error)}`;
      this.#plan.settings.report({ level: 'error', event: 'job_failed', message, error: error as Error });
      throw error;
    } finally {
      // Gives the tasks back, which commits what is done; then nothing is left to write.
      await consumer.close();
      await transactor.close().catch(() => undefined);
      await purge.close();
      await standbys.close();
      await this.#closing.close();
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
