/** The segments of a log, oldest first: no gaps between them but those that damage left. The last one is written to. */
import type { LogEnvironment } from './log-environment.ts';
import type { Segment } from './segment.ts';

export class SegmentList {
  readonly directory: string;
  readonly #environment: LogEnvironment;
  #segments: Segment[] = [];

  constructor(environment: LogEnvironment, directory: string) {
    this.#environment = environment;
    this.directory = directory;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  /** The one that is written to; undefined before the first append. */
  get active(): Segment | undefined {
    return this.#segments.at(-1);
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** Takes over what was found at start. */
  adopt(segments: readonly Segment[]): void {
    this.#segments = [...segments];
  }

  /** Adds the segment that is the active one from now on. */
  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Removes the oldest segment while another follows it and `due` says so. The active one stays. */
  async deleteWhile(due: (oldest: Segment, next: Segment) => boolean): Promise<void> {
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next === undefined || !due(oldest, next)) return;
      this.#segments.shift();
      await this.#environment.files.forget(oldest.path);
      await this.#environment.disk.remove(oldest.path);
      await this.#environment.disk.remove(oldest.summaryPath);
    }
  }

  /** Removes all files. */
  async remove(): Promise<void> {
    for (const segment of this.#segments) await this.#environment.files.forget(segment.path);
    await this.#environment.disk.remove(this.directory);
  }

  /** Whole batches from the one that holds `offset` on, as `Segment.read`; empty when there are none. */
  async read(offset: number, bytesMax: number, atLeastOne: boolean, endOffset: number): Promise<Uint8Array> {
    const first = this.#segments.findLastIndex((segment) => segment.baseOffset <= offset);
    for (let index = Math.max(0, first); index < this.#segments.length; index++) {
      const segment = this.#segments[index] as Segment;
      if (segment.nextOffset <= offset) continue;
      return segment.read(this.#environment.files, offset, bytesMax, atLeastOne, endOffset);
    }
    return new Uint8Array(0);
  }
}
