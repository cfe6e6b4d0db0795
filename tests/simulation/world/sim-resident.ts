/**
 * A place where a program of ours runs: a host whose process is killed, stalled or closed, and started again. What a
 * killed one sent may still arrive; a stalled one goes on where it was, and must be refused by then. One that has ended
 * by itself must have let go of all that it had opened.
 */
import { isMillraceError, type Randomness } from '@millrace/base';
import type { Coverage } from '../oracle/coverage.ts';
import { InvariantViolation } from '../oracle/history.ts';
import type { Inhabitant, SimWorld } from './sim-world.ts';

const restartMsMax = 2000;
/** What was given up, such as a pause of a connection, may outlast the program's end by so much. */
const releaseMsMax = 5000;

export interface ResidentOptions {
  readonly world: SimWorld;
  readonly host: string;
  readonly coverage: Coverage;
}

export abstract class SimResident<T> {
  readonly host: string;
  protected readonly world: SimWorld;
  protected readonly coverage: Coverage;
  protected readonly randomness: Randomness;
  /** What it is called in notes and counts: `member`. */
  readonly #word: string;
  #home: Inhabitant | undefined;
  #running: T | undefined;
  #isClosing = false;
  #isRetired = false;

  constructor(word: string, { world, host, coverage }: ResidentOptions) {
    this.host = host;
    this.world = world;
    this.coverage = coverage;
    this.randomness = world.randomness();
    this.#word = word;
  }

  /** Starts the program in a new process. */
  protected abstract run(home: Inhabitant): Promise<T>;

  /** Closes it as an operator does. */
  protected abstract close(running: T): Promise<void>;

  /** The process was killed. */
  protected killed(): void {
    // What has no state loses none.
  }

  /** It runs, and may come to an end by itself. */
  protected began(_home: Inhabitant, _running: T): void {
    // What tells nobody of its end is not listened to.
  }

  /** What runs; undefined also while it is closed. */
  get running(): T | undefined {
    return this.#isClosing ? undefined : this.#running;
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  start(): void {
    const home = this.world.start(this.host);
    this.#home = home;
    this.note('starts');
    this.run(home).then(
      (running) => {
        if (this.#home !== home) return;
        this.coverage.add(`${this.#word}s started`);
        this.note('runs');
        this.#running = running;
        this.began(home, running);
      },
      (error: unknown) => {
        if (this.#home !== home || this.#isClosing) return;
        if (!isMillraceError(error) || !error.retriable) return this.world.loop.fail(error);
        this.coverage.add(`${this.#word}s that could not start`);
        this.note(`did not start: ${error.message}`);
        this.#released(home, () => this.#startLater(home));
      },
    );
  }

  /** The process ends at once, whatever it is doing, and another is started. Answers false when there is none. */
  kill(): boolean {
    const home = this.#home;
    if (home === undefined || !home.process.alive || this.#isRetired) return false;
    this.coverage.add(this.#running === undefined ? `${this.#word} killed while starting` : `${this.#word} killed`);
    this.note('is killed');
    this.#end(home);
    return true;
  }

  stall(forMs: number): boolean {
    this.#home?.process.stall(forMs);
    return this.#home !== undefined;
  }

  /** Closes it as an operator does, and starts it again. Answers false when it does not run. */
  restart(): boolean {
    const home = this.#home;
    if (this.running === undefined || home === undefined) return false;
    this.#close().then(
      () => this.#startLater(home),
      (error: unknown) => this.world.loop.fail(error),
    );
    return true;
  }

  /** Closes it for good; resolves when it has let go of everything. */
  async stop(): Promise<void> {
    this.#isRetired = true;
    if (this.running !== undefined) await this.#close();
  }

  /** It has failed while it ran: a supervisor ends the process, and starts another unless the error is final. */
  protected failed(home: Inhabitant, error: unknown): void {
    if (this.#home !== home || this.#isClosing) return;
    if (!isMillraceError(error) || !error.retriable) return this.world.loop.fail(error);
    this.coverage.add(`${this.#word}s that gave up`);
    this.note(`failed: ${error.message}`);
    this.#end(home);
  }

  protected note(line: string): void {
    this.world.loop.note(`${this.host} ${line}`);
  }

  #end(home: Inhabitant): void {
    home.process.kill();
    this.killed();
    this.#running = undefined;
    this.#isClosing = false;
    this.#startLater(home);
  }

  async #close(): Promise<void> {
    const [home, running] = [this.#home, this.#running];
    if (home === undefined || running === undefined) return;
    this.#isClosing = true;
    this.note('is closed');
    await this.close(running);
    await new Promise<void>((resolve) => this.#released(home, resolve));
    if (this.#home !== home) return;
    this.#running = undefined;
    this.#isClosing = false;
  }

  #startLater(ended: Inhabitant): void {
    this.world.loop.schedule(this.randomness.float() * restartMsMax, `${this.#word}-start`, () => {
      if (this.#home === ended && !this.#isRetired) this.start();
    });
  }

  /** What was opened must be closed: a process that goes on would run out of it. */
  #released(home: Inhabitant, then: () => void): void {
    const { loop } = this.world;
    loop.schedule(releaseMsMax, `${this.#word}-released`, () => {
      const { process } = home;
      // The disk is the one that stays.
      if (process.alive && (process.pendingTimers > 0 || process.openResources > 1)) {
        const left = `${process.pendingTimers} timers and ${process.openResources - 1} sockets`;
        loop.fail(new InvariantViolation(`${this.host} ended, and still holds ${left}`));
      }
      process.kill();
      then();
    });
  }
}
