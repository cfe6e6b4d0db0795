/**
 * Holds back what a connection sends while there is a reason to, and lets it pass in its order afterwards. Reasons are
 * counted: it opens when the last one is gone.
 */
export class SendGate {
  readonly #held: (() => void)[] = [];
  #reasons = 0;

  get isShut(): boolean {
    return this.#reasons > 0;
  }

  get heldCount(): number {
    return this.#held.length;
  }

  shut(): void {
    this.#reasons++;
  }

  /** Takes one reason away. What then passes may shut the gate again, before the rest. */
  open(): void {
    this.#reasons--;
    let passed = 0;
    while (this.#reasons === 0 && passed < this.#held.length) this.#held[passed++]?.();
    this.#held.splice(0, passed);
  }

  /** What `send` throws later goes to `fail`. */
  hold(send: () => void, fail: (error: Error) => void): void {
    this.#held.push(() => {
      try {
        send();
      } catch (error) {
        fail(error as Error);
      }
    });
  }

  /** Lets all pass, whatever the reasons: the connection is at its end, and each learns so itself. */
  release(): void {
    for (const send of this.#held.splice(0)) send();
  }
}
