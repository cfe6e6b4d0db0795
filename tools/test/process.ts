/**
 * A process of a test run, seen from the runner: gives it one file at a time and returns how the file went.
 *
 * Invariants: every `run` settles, also when the process hangs, crashes or exits, within the file's time limit; after a
 * process is gone so is its whole process group, so that a server which a test started does not outlive it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Report, RunFile, TestEnd } from './messages.ts';

/** How a file went. */
export interface FileResult {
  readonly path: string;
  readonly durationMs: number;
  readonly tests: readonly TestEnd[];
  /** What is wrong with the file beyond its tests' own failures. */
  readonly problems: readonly string[];
  /** What tests said through `t.diagnostic`. */
  readonly notes: readonly string[];
  /** The end of what the process wrote to stdout and stderr meanwhile. */
  readonly output: string;
}

/** Where the run happens, and in which environment. */
export interface ProcessOptions {
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const OUTPUT_CHARACTERS_MAX = 100_000;
const EXIT_MS_MAX = 10_000;

/** The processes that are alive now, for the runner to end when it is interrupted itself. */
const alive = new Set<TestProcess>();

/** Ends every process of the run, and what they started, at once. */
export function endAllProcesses(): void {
  for (const each of alive) each.kill();
}

/** One process of a test run; `run` one file at a time, then `close`. */
export class TestProcess {
  readonly #root: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #onReport: (report: Report) => void = () => undefined;
  #output = '';
  #reusable = true;
  #gone = false;

  constructor({ root, environment }: ProcessOptions) {
    this.#root = root;
    this.#child = spawn(process.execPath, [fileURLToPath(new URL('./child.ts', import.meta.url))], {
      cwd: root,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    alive.add(this);
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#child.on('message', (report: Report) => this.#onReport(report));
    this.#exited = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(`The process could not be started: ${error.message}`));
      this.#child.on('exit', (code, signal) => {
        this.kill(); // what it started and left behind
        alive.delete(this);
        this.#gone = true;
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
  }

  /** False once a file has left the process in a state that must not be trusted with another. */
  get reusable(): boolean {
    return this.#reusable && !this.#gone;
  }

  /** Runs one file; the result names a hang, a crash or an empty file as a problem. */
  async run(path: string, limitMs: number): Promise<FileResult> {
    const startedAt = performance.now();
    const tests: TestEnd[] = [];
    const notes: string[] = [];
    let running = 'loading the file';
    this.#output = '';
    const ended = Promise.withResolvers<readonly string[]>();
    this.#onReport = (report) => {
      if (report.kind === 'running') running = `running '${report.name}'`;
      else if (report.kind === 'note') notes.push(report.text);
      else if (report.kind === 'test') tests.push(this.#fromRoot(report.end));
      else if (report.kind === 'fileEnd') {
        this.#reusable = report.reusable;
        ended.resolve(report.problems);
      }
    };
    const limit = setTimeout(() => {
      ended.resolve([`The file did not end within ${limitMs / 1000} s; it was ${running}.`]);
      this.kill();
    }, limitMs);
    void this.#exited.then((how) => ended.resolve([`The process ended (${how}) while ${running}.`]));
    const message: RunFile = { file: `${this.#root}/${path}` };
    this.#child.send(message, (error) => {
      if (error !== null) running = `taking the file (${error.message})`;
    });
    const problems = await ended.promise;
    clearTimeout(limit);
    if (!this.#reusable || problems.length > 0) this.#reusable = false;
    const durationMs = performance.now() - startedAt;
    return { path, durationMs, tests, problems, notes, output: this.#output };
  }

  /** Lets the process end, and returns what was wrong with how it ended, if anything. */
  async close(): Promise<string | undefined> {
    if (this.#gone) return undefined;
    this.#output = '';
    const wasReusable = this.#reusable;
    const message: RunFile = {};
    this.#child.send(message, () => undefined);
    // One that is not to be trusted may wait for ever for what failed.
    const limit = setTimeout(() => this.kill(), wasReusable ? EXIT_MS_MAX : 0);
    const how = await this.#exited;
    clearTimeout(limit);
    if (!wasReusable || how === 'exit code 0') return undefined;
    return `After the last test the process ended with ${how}.\n${this.#output}`.trimEnd();
  }

  /** Ends the process and its whole group at once. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  #fromRoot(end: TestEnd): TestEnd {
    const prefix = `${this.#root}/`;
    return end.location.startsWith(prefix) ? { ...end, location: end.location.slice(prefix.length) } : end;
  }
}
