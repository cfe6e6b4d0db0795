/** One thing at a time: work that was given later waits for what was given before. */
export class Lock {
  #last: Promise<unknown> = Promise.resolve();

  /** Answers and rejects as `work` does. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
