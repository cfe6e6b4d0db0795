/**
 * Which step long work is at, on stderr: a line that is redrawn with the time on a terminal, a line a step elsewhere.
 */
import type { Terminal } from './terminal.ts';

const REDRAW_MS = 1_000;

export class Steps implements Disposable {
  readonly #terminal: Terminal;
  readonly #begun = performance.now();
  #step = '';
  #redrawing: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Tells the next step: a sentence. */
  tell(step: string): void {
    this.#step = step;
    if (!this.#terminal.shows) {
      this.#terminal.note(step);
      return;
    }
    this.#redrawing ??= setInterval(() => this.#draw(), REDRAW_MS).unref();
    this.#draw();
  }

  /** Removes the line; to be called before anything else is printed. */
  [Symbol.dispose](): void {
    clearInterval(this.#redrawing);
    if (this.#redrawing !== undefined) this.#terminal.draw('\r\u001b[K');
    this.#redrawing = undefined;
  }

  #draw(): void {
    const seconds = Math.round((performance.now() - this.#begun) / 1_000);
    this.#terminal.draw(`\r${`${this.#step} ${seconds} s`.slice(0, this.#terminal.columns - 1)}\u001b[K`);
  }
}
