/** A worker of the mirror, and what it must not tell. */
import type { ClientOptions } from '@millrace/client';
import { type Mirror, type MirrorEvent, type StandstillReason, startMirror } from '@millrace/mirror';
import { InvariantViolation } from '../oracle/history.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import { type ResidentOptions, SimResident } from '../world/sim-resident.ts';
import type { Inhabitant } from '../world/sim-world.ts';
import type { MirrorScenario, WorkerPlan } from './mirror-scenario.ts';

export interface MirrorWorkerOptions extends ResidentOptions {
  readonly plan: WorkerPlan;
  readonly scenario: MirrorScenario;
  readonly source: SimCluster;
  readonly target: SimCluster;
  /** What the mirror is called. */
  readonly mirror?: string | undefined;
  /** Alarms that are to be told if it comes to that. */
  readonly expects?: ReadonlySet<MirrorEvent['event']> | undefined;
  /** What becomes of what the target lost. */
  readonly truncatedTarget?: 'stop' | 'continue' | undefined;
  /** Told when partitions begin to be copied, from the start or by another worker. */
  readonly onBegin: () => void;
}

export const mirrorName = 'simulated';
/** What must not be told unless it happened, which it does not here. */
const alarms: ReadonlySet<MirrorEvent['event']> = new Set([
  'source_failed',
  'foreign_write',
  'records_lost',
  'source_truncated',
  'target_truncated',
  'record_too_large',
  'partition_failed',
  'topic_recreated',
  'topic_deleted',
]);

export class SimMirrorWorker extends SimResident<Mirror> {
  readonly #options: MirrorWorkerOptions;
  readonly #told = new Set<string>();

  constructor(options: MirrorWorkerOptions) {
    super('worker', options);
    this.#options = options;
  }

  /** Whether it told something that is expected of a partition. */
  hasTold(event: MirrorEvent['event'], topic: string, partition: number): boolean {
    return this.#told.has(`${event} ${topic} ${partition}`);
  }

  /** Whether it says that a partition stands still for a reason. */
  isStanding(reason: StandstillReason, topic: string, partition: number): boolean {
    const all = this.running?.standstills() ?? [];
    return all.some((each) => each.reason === reason && each.topic === topic && each.partition === partition);
  }

  override start(): void {
    const { scenario, source } = this.#options;
    if (scenario.distance !== undefined) this.world.network.setDistance(this.host, source.host, scenario.distance.ms);
    super.start();
  }

  protected override run(home: Inhabitant): Promise<Mirror> {
    return startMirror(this.#mirrorOptions(home));
  }

  protected override close(mirror: Mirror): Promise<void> {
    return mirror.close();
  }

  #mirrorOptions(home: Inhabitant): Parameters<typeof startMirror>[0] {
    const { plan, scenario, source, target, host } = this.#options;
    return {
      name: this.#options.mirror ?? mirrorName,
      source: this.#clientOptions(home, source),
      target: this.#clientOptions(home, target),
      topics: scenario.topics.map(({ name }) => name),
      shards: scenario.shards,
      groupIntervalMs: scenario.groupIntervalMs,
      topicIntervalMs: scenario.topicIntervalMs,
      fetchBytesMax: scenario.distance?.fetchBytesMax,
      fetchVersionMax: scenario.fetchVersionMax,
      guarantee: scenario.guarantee,
      acls: false,
      worker: plan.isNamed ? host : undefined,
      sharing: { sessionTimeoutMs: plan.sessionTimeoutMs, rebalanceIntervalMs: 3 * plan.sessionTimeoutMs },
      truncatedTarget: this.#options.truncatedTarget,
      scribbles: true,
      report: (event) => this.#report(event),
    };
  }

  #clientOptions({ platform }: Inhabitant, cluster: SimCluster): ClientOptions {
    return {
      bootstrap: cluster.brokers.map(({ host, port }) => `${host}:${port}`).join(),
      clientId: this.host,
      platform,
      requestTimeoutMs: 2000,
      connectTimeoutMs: 1000,
      retryBackoffMs: 10,
      retryBackoffMaxMs: 200,
      metadataMaxAgeMs: 5000,
      report: ({ level, message }) => this.note(`${cluster.host} ${level}: ${message}`),
    };
  }

  #report({ level, event, message, topic, partition }: MirrorEvent): void {
    const { expects } = this.#options;
    this.note(`${level} ${event}: ${message}`);
    this.coverage.add(`told: ${event}`);
    if (event === 'shard_opened' || event === 'partitions_added') this.#options.onBegin();
    // Of two workers that nobody fences each tells of the other.
    if (event === 'foreign_write' && this.#options.scenario.guarantee === 'at-least-once') return;
    if (expects?.has(event) === true) this.#told.add(`${event} ${topic} ${partition}`);
    else if (alarms.has(event)) this.world.loop.fail(new InvariantViolation(`${this.host} told: ${message}`));
  }
}
