/**
 * A place where a process of the job runs: killed, cut off, stalled or closed, and started again, with what it had on
 * its disk, some of it, or nothing. What a killed process sent may still arrive; a stalled one goes on where it was,
 * and must be refused by then.
 */
import { isMillraceError, type Randomness } from '@millrace/base';
import { createClient } from '@millrace/client';
import { MemoryVolume, openMemoryStore } from '@millrace/store';
import { type Job, type JobEvent, startJob } from '@millrace/streams';
import type { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { SimCluster } from '../oracle/sim-cluster.ts';
import type { Inhabitant, SimWorld } from '../world/sim-world.ts';
import type { JobWork } from './job-work.ts';
import type { MemberPlan, StreamsScenario } from './streams-scenario.ts';

export interface JobMemberOptions {
  readonly world: SimWorld;
  readonly host: string;
  readonly plan: MemberPlan;
  readonly scenario: StreamsScenario;
  readonly cluster: SimCluster;
  readonly work: JobWork;
  readonly coverage: Coverage;
}

const restartMsMax = 2000;
/** What was given up may outlast the job's end by so much. */
const releaseMsMax = 5000;

export class SimJobMember {
  readonly host: string;
  readonly #options: JobMemberOptions;
  readonly #randomness: Randomness;
  #volume = new MemoryVolume();
  #home: Inhabitant | undefined;
  #running: { readonly job: Job; readonly close: () => Promise<void> } | undefined;
  #isClosing = false;
  #isRetired = false;

  constructor(options: JobMemberOptions) {
    this.#options = options;
    this.host = options.host;
    this.#randomness = options.world.randomness();
  }

  get isRunning(): boolean {
    return this.#running !== undefined && !this.#isClosing;
  }

  start(): void {
    const { world, coverage, cluster, plan } = this.#options;
    world.network.setDistance(this.host, cluster.host, plan.distanceMs);
    const home = world.start(this.host);
    this.#home = home;
    this.#note('starts');
    this.#startJob(home).then(
      (running) => {
        if (this.#home !== home) return;
        coverage.add('members started');
        this.#note('runs');
        this.#running = running;
        running.job.finished.catch((error: unknown) => this.#failed(home, error));
      },
      (error: unknown) => this.#failed(home, error),
    );
  }

  /** The process ends at once, whatever it is doing, and another is started. Answers false when there is none. */
  kill(): boolean {
    const home = this.#home;
    if (home === undefined || !home.process.alive || this.#isRetired) return false;
    const { coverage } = this.#options;
    coverage.add(this.#running === undefined ? 'member killed while starting' : 'member killed');
    this.#note('is killed');
    home.process.kill();
    this.#loseState();
    this.#running = undefined;
    this.#isClosing = false;
    this.#startLater(home);
    return true;
  }

  stall(forMs: number): boolean {
    this.#home?.process.stall(forMs);
    return this.#home !== undefined;
  }

  /** Closes it as an operator does, and starts it again. Answers false when it does not run. */
  restart(): boolean {
    const home = this.#home;
    if (!this.isRunning || home === undefined) return false;
    this.#close().then(
      () => this.#startLater(home),
      (error: unknown) => this.#options.world.loop.fail(error),
    );
    return true;
  }

  /** Closes it for good; resolves when it has let go of everything. */
  async stop(): Promise<void> {
    this.#isRetired = true;
    if (this.isRunning) await this.#close();
  }

  async #startJob(home: Inhabitant): Promise<{ readonly job: Job; readonly close: () => Promise<void> }> {
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
      report: ({ level, message }) => this.#note(`client ${level}: ${message}`),
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
        idleMaxMs: work.idleMaxMs,
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

  /** After a kill all is there that was written; after a machine's failure some of it, or nothing. */
  #loseState(): void {
    const { coverage } = this.#options;
    const volume = this.#volume;
    const outcome = this.#randomness.integer(4);
    if (outcome === 0) volume.crash(this.#randomness.integer(volume.pendingBatches + 1));
    else volume.crash();
    if (outcome === 1) this.#volume = new MemoryVolume();
    coverage.add(['state lost in part', 'state lost', 'state kept', 'state kept'][outcome] as string);
  }

  #failed(home: Inhabitant, error: unknown): void {
    const { world, coverage } = this.#options;
    if (this.#home !== home || this.#isClosing) return;
    if (!isMillraceError(error) || !error.retriable) return world.loop.fail(error);
    coverage.add(this.#running === undefined ? 'members that could not start' : 'members that gave up');
    this.#note(`failed: ${error.message}`);
    this.#running = undefined;
    home.process.kill();
    this.#volume.crash();
    this.#startLater(home);
  }

  async #close(): Promise<void> {
    const [home, running] = [this.#home, this.#running];
    if (home === undefined || running === undefined) return;
    this.#isClosing = true;
    this.#note('is closed');
    await running.close();
    await new Promise<void>((resolve) => this.#released(home, resolve));
    if (this.#home !== home) return;
    this.#running = undefined;
    this.#isClosing = false;
  }

  #startLater(ended: Inhabitant): void {
    this.#options.world.loop.schedule(this.#randomness.float() * restartMsMax, 'member-start', () => {
      if (this.#home === ended && !this.#isRetired) this.start();
    });
  }

  /** What was opened must be closed: a process that goes on would run out of it. */
  #released(home: Inhabitant, then: () => void): void {
    const { loop } = this.#options.world;
    loop.schedule(releaseMsMax, 'member-released', () => {
      const { process } = home;
      // The disk is the one that stays.
      if (process.alive && (process.pendingTimers > 0 || process.openResources > 1)) {
        const left = `${process.pendingTimers} timers and ${process.openResources - 1} sockets`;
        loop.fail(new InvariantViolation(`${this.host} closed its job, which still holds ${left}`));
      }
      process.kill();
      then();
    });
  }

  #report({ level, event, message }: JobEvent): void {
    this.#note(`${level} ${event}: ${message}`);
    this.#options.coverage.add(`told: ${event}`);
  }

  #note(line: string): void {
    this.#options.world.loop.note(`${this.host} ${line}`);
  }
}
