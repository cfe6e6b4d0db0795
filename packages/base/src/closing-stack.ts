/**
 * What must be closed, gathered while it is opened. As `AsyncDisposableStack`, which Node 22 lacks, in the parts that
 * are needed here: closed in the reverse order, all of it even when some fails, and then the first failure is thrown.
 */
export class ClosingStack implements AsyncDisposable {
  #parts: AsyncDisposable[] = [];

  /** Adds a part, and answers it. */
  use<T extends AsyncDisposable>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  /** Moves the parts to a new stack: this one then closes nothing. */
  move(): ClosingStack {
    const moved = new ClosingStack();
    moved.#parts = this.#parts;
    this.#parts = [];
    return moved;
  }

  /** Closes all parts, once. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
