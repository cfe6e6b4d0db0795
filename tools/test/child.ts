/**
 * One process of a test run: takes a file from the runner, runs it with `node:test`, reports every test, takes the
 * next.
 *
 * Files run in this very process (isolation off), one after the other, which saves each a start of Node and a load of
 * the packages. After a file that failed to load, held no test or failed outside its tests, `node:test` is not to be
 * trusted with another in the same process, and the report says so.
 */
import { inspect } from 'node:util';
import type { Report, RunFile } from './messages.ts';
import { run } from './untracked-promises.ts';

/** The counts that `node:test` itself reports as diagnostics at the end of a run. */
const OWN_DIAGNOSTIC = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;
/** How long a file may keep the event loop alive after its last test, or between two, hooks included. */
const LINGER_MS_MAX = 15_000;
/** How long after an error that nobody caught a file may do nothing: a test that waits for what failed never ends. */
const STUNNED_MS_MAX = 5_000;

const UNCAUGHT = ['uncaughtException', 'unhandledRejection'] as const;

/** The fields of `node:test`'s pass and fail events that are read here. */
interface TestEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
}

process.on('message', (message: RunFile) => {
  if (message.file === undefined) process.disconnect();
  else new FileRun(message.file).start();
});
send({ kind: 'ready' });

function send(report: Report): void {
  process.send?.(report);
}

class FileRun {
  readonly #file: string;
  readonly #problems: string[] = [];
  readonly #notes: string[] = [];
  /** Names of the suites and tests around the one that is reported now. */
  readonly #path: string[] = [];
  #tests = 0;
  #failures = 0;
  #finished = false;
  #linger: NodeJS.Timeout | undefined;
  #stunned: NodeJS.Timeout | undefined;
  #running = 'the file';

  constructor(file: string) {
    this.#file = file;
  }

  start(): void {
    process.exitCode = undefined;
    // node:test ends a run when nothing is left to wait for, and the channel to the runner must not count.
    process.channel?.unref();
    for (const event of UNCAUGHT) process.on(event, this.#uncaught);
    const events = run({ files: [this.#file], isolation: 'none' });
    events.on('test:dequeue', ({ name }) => {
      clearTimeout(this.#linger);
      this.#running = `'${name}'`;
      send({ kind: 'running', name });
    });
    events.on('test:complete', ({ nesting }) => {
      clearTimeout(this.#linger);
      this.#stunned?.refresh();
      if (nesting === 0) this.#linger = setTimeout(() => this.#lingers(), LINGER_MS_MAX).unref();
    });
    events.on('test:start', ({ name, nesting }) => {
      this.#path.length = nesting;
      this.#path[nesting] = name;
    });
    events.on('test:diagnostic', ({ message }) => this.#note(message));
    events.on('test:pass', (event) => {
      if (this.#isFileItself(event)) this.#finish();
      else if (event.details.type !== 'suite') this.#passed(event);
    });
    events.on('test:fail', (event) => {
      const { error, type } = event.details;
      if (this.#isFileItself(event)) {
        this.#problems.push(`The file could not be loaded.\n${inspect(error.cause ?? error)}`);
        this.#finish();
      } else if (!('failureType' in error && error.failureType === 'subtestsFailed')) {
        // It was told whose error it was.
        if ('failureType' in error && isUncaught(error.failureType)) this.#goesOn();
        this.#failed(event, type === 'suite', inspect(error.cause ?? error, { depth: 6, maxArrayLength: 200 }));
      }
    });
    events.once('end', () => this.#finish());
    events.resume();
  }

  /** `node:test` reports a file without tests, or one that could not be loaded, as a test with the file's name. */
  #isFileItself(event: TestEvent): boolean {
    return event.nesting === 0 && event.name === this.#file;
  }

  #note(text: string): void {
    if (OWN_DIAGNOSTIC.test(text)) return;
    this.#notes.push(text);
    send({ kind: 'note', text });
  }

  #passed(event: TestEvent): void {
    this.#tests += 1;
    const reason = reasonOf(event.skip) ?? reasonOf(event.todo);
    this.#report(event, reason === undefined ? 'passed' : 'skipped', reason ?? '');
  }

  #failed(event: TestEvent, isSuite: boolean, detail: string): void {
    if (!isSuite) this.#tests += 1;
    this.#failures += 1;
    this.#report(event, 'failed', detail);
  }

  #report(event: TestEvent, outcome: 'passed' | 'failed' | 'skipped', detail: string): void {
    const location = `${event.file ?? this.#file}:${event.line ?? 0}:${event.column ?? 0}`;
    send({ kind: 'test', end: { name: this.#path.slice(0, event.nesting + 1), outcome, detail, location } });
  }

  readonly #uncaught = (error: unknown): void => {
    const problem = `Something failed outside of the tests while ${this.#running} ran.\n${inspect(error)}`;
    this.#stunned ??= setTimeout(() => {
      this.#problems.push(problem);
      this.#finish();
    }, STUNNED_MS_MAX).unref();
  };

  #goesOn(): void {
    clearTimeout(this.#stunned);
    this.#stunned = undefined;
  }

  #lingers(): void {
    const open = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap');
    this.#problems.push(`Still open ${LINGER_MS_MAX / 1000} s after the last test: ${open.join(', ')}.`);
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    clearTimeout(this.#linger);
    this.#goesOn();
    for (const event of UNCAUGHT) process.off(event, this.#uncaught);
    process.channel?.ref();
    const failedOutside = process.exitCode !== undefined && process.exitCode !== 0 && this.#failures === 0;
    if (this.#problems.length === 0 && failedOutside) {
      this.#problems.push(['Something failed outside of the tests.', ...this.#notes].join('\n'));
    }
    if (this.#problems.length === 0 && this.#tests === 0 && this.#failures === 0) {
      this.#problems.push('The file ran no test.');
    }
    process.exitCode = undefined;
    send({ kind: 'fileEnd', problems: this.#problems, reusable: this.#problems.length === 0 });
  }
}

function isUncaught(failure: unknown): boolean {
  return UNCAUGHT.some((event) => event === failure);
}

/** The reason given, a fixed one where none was, undefined when the test was not skipped. */
function reasonOf(mark: string | boolean | undefined): string | undefined {
  if (mark === undefined || mark === false) return undefined;
  return typeof mark === 'string' && mark !== '' ? mark : 'no reason given';
}
