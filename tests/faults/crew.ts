/** The clients of a run: each a name that lives on while processes under it come and go. */
import { ClientProcess, type Ending } from './client-process.ts';
import type { Victims } from './nemesis.ts';

const FENCED = 'exit code 3';

/** One of the clients. */
export interface Role {
  /** For people. */
  readonly name: string;
  /** File of this folder. */
  readonly program: string;
  /** What a process of it is told; lives are counted over the whole crew, from 1. */
  readonly settings: (life: number) => unknown;
  /** An event that its processes tell when they have most to lose: every other pause waits for it. */
  readonly worstMoment?: string | undefined;
}

export interface CrewOptions {
  readonly roles: readonly Role[];
  readonly onEvent: (event: string, detail: string) => void;
  /** A process learnt that another has its name. */
  readonly onFenced: () => void;
  readonly note: (what: string) => void;
}

export class Crew implements Victims {
  readonly #options: CrewOptions;
  /** Who has each of the names now. */
  readonly #current: ClientProcess[] = [];
  readonly #all: ClientProcess[] = [];
  /** Ends that nobody asked for and that are not what becomes of those who were fenced. */
  readonly failures: string[] = [];
  /** Processes to be paused, and at which event. */
  readonly #toPause = new Map<ClientProcess, string>();
  #pauses = 0;
  #lives = 0;
  #isOver = false;

  constructor(options: CrewOptions) {
    this.#options = options;
    for (const place of options.roles.keys()) this.#launch(place);
  }

  get count(): number {
    return this.#options.roles.length;
  }

  async kill(place: number): Promise<void> {
    const process = this.#current[place];
    await process?.kill();
    this.#launch(place);
  }

  async stop(place: number): Promise<void> {
    const process = this.#current[place];
    if (process === undefined) return;
    this.#checkStopped(process, await process.stop());
    this.#launch(place);
  }

  pause(place: number): () => void {
    const process = this.#current[place];
    if (process === undefined) return () => undefined;
    this.#pauses += 1;
    const { worstMoment } = this.#options.roles[place] ?? {};
    if (worstMoment === undefined || this.#pauses % 2 === 0) process.pause();
    else this.#toPause.set(process, worstMoment);
    return () => {
      this.#toPause.delete(process);
      process.resume();
    };
  }

  replace(place: number): () => void {
    const process = this.#current[place];
    process?.pause();
    this.#launch(place);
    return () => process?.resume();
  }

  /** Ends those whose role's name is chosen, cleanly and for good. */
  async stopRoles(isChosen: (name: string) => boolean): Promise<void> {
    const chosen = this.#all.filter((each) => each.isRunning && isChosen(each.name));
    await Promise.all(chosen.map(async (process) => this.#checkStopped(process, await process.stop())));
  }

  /** Ends all, cleanly. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.stopRoles(() => true);
  }

  /** Ends all at once. */
  async killAll(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#all.filter(({ isRunning }) => isRunning).map((process) => process.kill()));
  }

  /** The last words of all processes, for whoever looks for the cause of a failure. */
  words(): string[] {
    return this.#all.flatMap(({ name, words }) => words.map((line) => `${name}: ${line}`));
  }

  #launch(place: number): void {
    const role = this.#options.roles[place];
    if (this.#isOver || role === undefined) return;
    const life = ++this.#lives;
    const process = new ClientProcess({
      name: `${role.name} (${life})`,
      program: role.program,
      settings: role.settings(life),
      onEvent: (event, detail) => {
        if (this.#toPause.get(process) === event) process.pause();
        this.#options.onEvent(event, detail);
      },
    });
    this.#current[place] = process;
    this.#all.push(process);
    void process.ended.then((ending) => this.#ended(process, place, ending));
  }

  #ended(process: ClientProcess, place: number, { asked, how }: Ending): void {
    if (asked) return;
    const { onFenced, note } = this.#options;
    note(`${process.name} ended: ${how}`);
    if (how === FENCED) onFenced();
    else this.failures.push(`${process.name} ended by itself: ${how}\n${process.words.join('\n')}`);
    // A zombie has a successor already.
    if (this.#current[place] === process) this.#launch(place);
  }

  /** One that is asked to end may learn meanwhile that it is fenced, or be ended by a fault before. */
  #checkStopped({ name, words }: ClientProcess, { how }: Ending): void {
    if (how === 'exit code 0' || how === FENCED || how === 'SIGKILL') return;
    // Before its program has begun, a process ends as any does.
    if (how === 'SIGTERM') return;
    this.failures.push(`${name} did not end well: ${how}\n${words.join('\n')}`);
  }
}
