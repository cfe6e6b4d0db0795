/**
 * The process of a server that is started here, as of a broker or PostgreSQL: signalled, and known to have ended.
 *
 * Each has a session of its own, so that Ctrl-C in a terminal reaches whoever started it and not the server, and is
 * guarded: it does not outlive the process that started it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { guard, unguard } from './guardian.ts';

/** Longer than a controlled shutdown takes; a broker that can reach no controller would wait for minutes. */
const STOP_MS_MAX = 30_000;

export interface ProcessCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** Runs it as this user; only root may. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export class GuardedProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  #paused = false;
  #wanted = true;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
  }

  /** `onEnd` is told how it ended, when that was not asked for. */
  static async start(
    { program, args, logFile, user }: ProcessCommand,
    onEnd: (ending: string) => void = () => undefined,
  ): Promise<GuardedProcess> {
    const log = await open(logFile, 'a');
    try {
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        uid: user?.uid,
        gid: user?.gid,
      });
      if (child.pid === undefined) {
        const [error] = await once(child, 'error');
        throw error;
      }
      guard({ pid: child.pid });
      child.unref();
      child.once('exit', () => unguard({ pid: child.pid ?? 0 }));
      const guarded = new GuardedProcess(child, child.pid);
      child.once('exit', () => {
        if (guarded.#wanted) onEnd(guarded.ending ?? 'nothing said');
      });
      return guarded;
    } finally {
      await log.close();
    }
  }

  get state(): 'running' | 'paused' | 'down' {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return 'down';
    return this.#paused ? 'paused' : 'running';
  }

  /** How it ended, in words; undefined while it runs. */
  get ending(): string | undefined {
    if (this.state !== 'down') return undefined;
    return this.#child.signalCode ?? `exit code ${this.#child.exitCode}`;
  }

  /** A signal that asks it to stop, and SIGKILL when that is not heeded in time. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    this.resume();
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX);
    await this.#end(signal);
    clearTimeout(impatience);
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  pause(): void {
    if (this.state === 'running') this.#paused = this.#child.kill('SIGSTOP');
  }

  resume(): void {
    if (this.state === 'paused') this.#paused = !this.#child.kill('SIGCONT');
  }

  async #end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<void> {
    this.#wanted = false;
    if (this.state === 'down') return;
    this.#child.ref();
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
