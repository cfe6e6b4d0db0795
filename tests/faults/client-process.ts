/** A process of our client that tells what it does, line by line, and can be killed, halted and stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Where processes find what earlier ones compiled: with it a start takes a third of the time, and there are many. */
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/millrace-faults', import.meta.url));
/** How many of its last words are kept. */
const WORDS_MAX = 40;

export interface ClientProcessOptions {
  /** For people. */
  readonly name: string;
  /** File of this folder. */
  readonly program: string;
  /** What the program is told, as JSON. */
  readonly settings: unknown;
  /** Told of each line that it prints: an event's name, and what belongs to it. */
  readonly onEvent: (name: string, detail: string) => void;
}

/** How it ended: `asked` when this side did it. */
export interface Ending {
  readonly asked: boolean;
  readonly how: string;
}

export class ClientProcess {
  readonly name: string;
  readonly ended: Promise<Ending>;
  /** What it said on stderr, the last of it. */
  readonly words: string[] = [];
  readonly #child: ChildProcess;
  #asked = false;
  #isPaused = false;

  constructor({ name, program, settings, onEvent }: ClientProcessOptions) {
    this.name = name;
    const [plantBug, file] = ['plant-bug.ts', program].map((each) => fileURLToPath(new URL(each, import.meta.url)));
    const words = ['--import', `${plantBug}`, `${file}`, JSON.stringify(settings)];
    const env = { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env };
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const space = line.indexOf(' ');
      if (space < 0) onEvent(line, '');
      else onEvent(line.slice(0, space), line.slice(space + 1));
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.words.push(line);
      if (this.words.length > WORDS_MAX) this.words.shift();
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ asked: this.#asked, how: signal ?? `exit code ${code}` });
      });
    });
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async kill(): Promise<void> {
    this.#asked = true;
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to end by itself. */
  async stop(): Promise<Ending> {
    this.#asked = true;
    this.resume();
    this.#child.kill('SIGTERM');
    return this.ended;
  }

  pause(): void {
    if (this.isRunning) this.#isPaused = this.#child.kill('SIGSTOP');
  }

  resume(): void {
    if (this.#isPaused) this.#isPaused = !this.#child.kill('SIGCONT');
  }
}
