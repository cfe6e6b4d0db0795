/** Whether a socket takes more just now, and who waits until it does. */
export class SendRoom {
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #isFull = false;

  get isFull(): boolean {
    return this.#isFull;
  }

  /** What the socket answered to a write: whether it takes more. */
  wrote(takesMore: boolean): void {
    if (!takesMore) this.#isFull = true;
  }

  drained(): void {
    this.#isFull = false;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when it takes more. Rejects with the reason of the connection's end. */
  free(): Promise<void> {
    if (!this.#isFull) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  end(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
