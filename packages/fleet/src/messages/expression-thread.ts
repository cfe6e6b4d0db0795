/**
 * A CEL expression over records, evaluated in a thread of its own with a bound on memory: whoever wrote it can neither
 * hold up the process nor eat its memory. The thread is ended with the search, whatever it is at.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ProblemError } from '@millrace/api';
import type { ExpressionRecord, ThreadAnswer } from './expression-worker.ts';

const heapMib = 128;
/** Of the thread's start on a busy machine, and of reading the expression. */
const startMsMax = 20_000;

export class ExpressionThread {
  readonly #worker: Worker;
  #failure: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** @throws ProblemError `invalid_request` for an expression that can't be read */
  static async start(expression: string, signal: AbortSignal): Promise<ExpressionThread> {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./expression-worker.${extension}`, import.meta.url), {
      workerData: expression,
      resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: 16 },
    });
    const thread = new ExpressionThread(worker);
    let problem: string | undefined;
    try {
      const timeout = AbortSignal.any([signal, AbortSignal.timeout(startMsMax)]);
      const [answer] = (await once(worker, 'message', { signal: timeout })) as [ThreadAnswer];
      if (!('problem' in answer)) return thread;
      problem = answer.problem;
    } catch (error) {
      await thread.close();
      signal.throwIfAborted();
      throw tooMuch(error);
    }
    await thread.close();
    throw new ProblemError('invalid_request', `the filter can't be read: ${problem}`);
  }

  /**
   * For each record whether the expression holds; null: it has no value for this one. Rejects when the signal aborts,
   * with its reason, and when the expression took more than it may.
   */
  async judge(records: readonly ExpressionRecord[], signal: AbortSignal): Promise<readonly (boolean | null)[]> {
    if (this.#failure !== undefined) throw tooMuch(this.#failure);
    this.#worker.postMessage(records);
    try {
      const [answer] = (await once(this.#worker, 'message', { signal })) as [ThreadAnswer];
      return 'holds' in answer ? answer.holds : [];
    } catch (error) {
      signal.throwIfAborted();
      throw tooMuch(error);
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

function tooMuch(cause: unknown): ProblemError {
  return new ProblemError('invalid_request', 'the filter takes more time or memory than it may; make it simpler', {
    cause,
  });
}
