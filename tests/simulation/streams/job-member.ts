/** A process of the job, with what it had on its disk when it was killed, some of it, or nothing. */
import { createClient } from '@millrace/client';
import { MemoryVolume, openMemoryStore } from '@millrace/store';
import { type Job, type JobEvent, startJob } from '@millrace/streams';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import { type ResidentOptions, SimResident } from '../world/sim-resident.ts';
import type { Inhabitant } from '../world/sim-world.ts';
import type { JobWork } from './job-work.ts';
import type { MemberPlan, StreamsScenario } from './streams-scenario.ts';

export interface JobMemberOptions extends ResidentOptions {
  readonly plan: MemberPlan;
  readonly scenario: StreamsScenario;
  readonly cluster: SimCluster;
  readonly work: JobWork;
}

interface RunningJob {
  readonly job: Job;
  readonly close: () => Promise<void>;
}

export class SimJobMember extends SimResident<RunningJob> {
  readonly #options: JobMemberOptions;
  #volume = new MemoryVolume();

  constructor(options: JobMemberOptions) {
    super('member', options);
    this.#options = options;
  }

  override start(): void {
    const { cluster, plan } = this.#options;
    this.world.network.setDistance(this.host, cluster.host, plan.distanceMs);
    super.start();
  }

  protected override async run(home: Inhabitant): Promise<RunningJob> {
    const { plan, scenario, cluster, work } = this.#options;
    const { platform } = home;
    const client = createClient({
      bootstrap: cluster.brokers.map(({ host, port }) => `${host}:${port}`).join(),
      clientId: this.host,
      platform,
      requestTimeoutMs: 2000,
      connectTimeoutMs: 1000,
      retryBackoffMs: 10,
      retryBackoffMaxMs: 200,
      metadataMaxAgeMs: 5000,
      report: ({ level, message }) => this.note(`client ${level}: ${message}`),
    });
    const state = openMemoryStore({ volume: this.#volume });
    const letGo = async (): Promise<void> => {
      await client.close();
      await state.close();
    };
    try {
      const job = await startJob(work.topology(), {
        ...{ client, state, platform, replicationFactor: scenario.replicationFactor },
        ...{ sessionTimeoutMs: plan.sessionTimeoutMs, heartbeatIntervalMs: Math.floor(plan.sessionTimeoutMs / 5) },
        ...{ commitIntervalMs: plan.commitIntervalMs, transactionTimeoutMs: scenario.transactionTimeoutMs },
        ...work.options,
        ...{ cacheBytesMax: plan.cacheBytesMax, purgeIntervalMs: 500, standbys: scenario.standbys, acceptableLag: 10 },
        report: (event) => this.#report(event),
      });
      const close = async (): Promise<void> => {
        await job.close().finally(letGo);
      };
      return { job, close };
    } catch (error) {
      await letGo();
      throw error;
    }
  }

  protected override began(home: Inhabitant, { job }: RunningJob): void {
    job.finished.catch((error: unknown) => this.failed(home, error));
  }

  protected override async close({ close }: RunningJob): Promise<void> {
    await close();
  }

  /** After a kill all is there that was written; after a machine's failure some of it, or nothing. */
  protected override killed(): void {
    const volume = this.#volume;
    const outcome = this.randomness.integer(4);
    if (outcome === 0) volume.crash(this.randomness.integer(volume.pendingBatches + 1));
    else volume.crash();
    if (outcome === 1) this.#volume = new MemoryVolume();
    this.coverage.add(['state lost in part', 'state lost', 'state kept', 'state kept'][outcome] as string);
  }

  #report({ level, event, message }: JobEvent): void {
    this.note(`${level} ${event}: ${message}`);
    this.coverage.add(`told: ${event}`);
  }
}
