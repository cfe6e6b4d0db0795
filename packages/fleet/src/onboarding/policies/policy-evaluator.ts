/**
 * Evaluates expressions of policies with bounds on time and memory, in a thread that is replaced when one passes them.
 * One expression at a time; the others wait.
 */
import { Worker } from 'node:worker_threads';
import type { PolicyView } from '@millrace/api/fleet';
import { messageOf } from '@millrace/base';
import type { EvaluationAnswer, EvaluationTask } from './policy-worker.ts';

export interface EvaluatorLimits {
  /** Of one expression, in ms: more than any takes, since a machine may have other things to do. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Of the thread's heap, in MiB. Default 64. */
  readonly memoryMib?: number | undefined;
}

/** Whether an expression holds, or why that can't be said. */
export type Evaluation = { readonly holds: boolean } | { readonly failure: string };

/** Starting a thread on a busy machine; not part of any expression's time. */
const startTimeoutMs = 30_000;

export class PolicyEvaluator implements AsyncDisposable {
  readonly #timeoutMs: number;
  readonly #memoryMib: number;
  #thread: Promise<Worker> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #id = 0;
  #isClosed = false;

  constructor({ timeoutMs = 5_000, memoryMib = 64 }: EvaluatorLimits = {}) {
    this.#timeoutMs = timeoutMs;
    this.#memoryMib = memoryMib;
  }

  /** Never rejects: what goes wrong is the evaluation's failure. */
  evaluate(when: string, view: PolicyView): Promise<Evaluation> {
    const turn = this.#last.then(() => this.#evaluateNow(when, view));
    this.#last = turn;
    return turn;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #evaluateNow(when: string, view: PolicyView): Promise<Evaluation> {
    if (this.#isClosed) return { failure: 'the process is stopping' };
    this.#thread ??= startThread(this.#memoryMib);
    try {
      const thread = await this.#thread;
      const task: EvaluationTask = { id: ++this.#id, when, view };
      const answer = await answerOf(thread, task, this.#timeoutMs);
      return 'holds' in answer ? { holds: answer.holds } : { failure: answer.failure };
    } catch (error) {
      await this.#end();
      return { failure: messageOf(error) };
    }
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.then(
      (worker) => worker.terminate(),
      () => undefined,
    );
  }
}

async function startThread(memoryMib: number): Promise<Worker> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./policy-worker.${extension}`, import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: memoryMib, maxYoungGenerationSizeMb: 16 },
    env: {},
  });
  // A thread with nothing to do keeps no process alive.
  worker.unref();
  try {
    await messageFrom(worker, (message) => message === 'ready', startTimeoutMs);
    return worker;
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

async function answerOf(worker: Worker, task: EvaluationTask, timeoutMs: number): Promise<EvaluationAnswer> {
  const answer = messageFrom(worker, (message) => (message as EvaluationAnswer).id === task.id, timeoutMs);
  worker.postMessage(task);
  return (await answer) as EvaluationAnswer;
}

/** Rejects when the thread fails or ends, or after the time. */
function messageFrom(worker: Worker, isIt: (message: unknown) => boolean, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error(`it took longer than ${timeoutMs} ms`))), timeoutMs);
    const onMessage = (message: unknown): void => {
      if (isIt(message)) end(() => resolve(message));
    };
    const onError = (error: Error): void => end(() => reject(memoryFailure(error)));
    const onExit = (): void => end(() => reject(new Error('its thread ended')));
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      settle();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}

function memoryFailure(error: Error): Error {
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return isMemory ? new Error('it takes too much memory', { cause: error }) : error;
}
