/**
 * Progress of long work on stderr: a bar that redraws its line on a terminal, a plain line every few seconds elsewhere.
 */
import { count } from './table.ts';
import type { Terminal } from './terminal.ts';

const REDRAW_MS = 100;
const LINE_MS = 5_000;
const BAR_WIDTH = 24;

export interface ProgressOptions {
  /** What is done: `importing access.log`. */
  readonly label: string;
  /** What `done` counts: `records`. */
  readonly unit: string;
}

export class Progress {
  readonly #terminal: Terminal;
  readonly #options: ProgressOptions;
  readonly #begun = performance.now();
  #shownAt: number;
  #drawn = false;

  constructor(terminal: Terminal, options: ProgressOptions) {
    this.#terminal = terminal;
    this.#options = options;
    // The first line elsewhere comes only when the work turns out to be long.
    this.#shownAt = terminal.shows ? Number.NEGATIVE_INFINITY : this.#begun;
  }

  /** Units done, which part of the whole (0 to 1) that is, and how long the rest takes; cheap to call often. */
  update(done: number, part?: number, leftMs: number | null = null): void {
    const now = performance.now();
    if (now - this.#shownAt < (this.#terminal.shows ? REDRAW_MS : LINE_MS)) return;
    this.#shownAt = now;
    this.#show(done, part, leftMs);
  }

  /** Removes the bar, so that results can be printed. */
  end(): void {
    if (this.#drawn) this.#terminal.draw('\r\u001b[K');
    this.#drawn = false;
  }

  #show(done: number, part: number | undefined, leftMs: number | null): void {
    const { label, unit } = this.#options;
    const rate = done / Math.max(0.001, (performance.now() - this.#begun) / 1000);
    const figures = `${count(done)} ${unit}, ${count(Math.round(rate))}/s${timeLeft(leftMs)}`;
    const percent = part === undefined ? '' : `${Math.floor(part * 100)} % `;
    if (!this.#terminal.shows) {
      this.#terminal.note(`${label}: ${percent}${figures}`);
      return;
    }
    const filled = part === undefined ? 0 : Math.round(Math.min(1, part) * BAR_WIDTH);
    const bar = part === undefined ? '' : `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] `;
    this.#terminal.draw(`\r${`${label} ${bar}${percent}${figures}`.slice(0, this.#terminal.columns - 1)}\u001b[K`);
    this.#drawn = true;
  }
}

function timeLeft(ms: number | null): string {
  if (ms === null) return '';
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `, about ${seconds} s left` : `, about ${Math.round(seconds / 60)} min left`;
}
