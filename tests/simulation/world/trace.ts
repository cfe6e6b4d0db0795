/**
 * What happened in a simulated run: a hash over every event, by which two runs of a seed are compared, and the last
 * lines for a person who looks into a failure.
 */
const linesKept = 400;

export class Trace {
  #hash = 0x811c9dc5;
  #events = 0;
  readonly #labels = new Map<string, number>();
  readonly #lines: string[] = [];

  /** Events recorded. */
  get events(): number {
    return this.#events;
  }

  /** 32 bits over everything recorded so far, as hexadecimal text. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  /** Counts an event: a short fixed label, and numbers that tell it from others of its kind. */
  record(at: number, label: string, detail = 0): void {
    this.#events += 1;
    let code = this.#labels.get(label);
    if (code === undefined) {
      code = this.#labels.size;
      this.#labels.set(label, code);
    }
    this.#mix(Math.round(at * 1000) | 0);
    this.#mix(code);
    this.#mix(detail);
  }

  /** Keeps a line for people. */
  note(at: number, line: string): void {
    this.#lines.push(`${at.toFixed(3).padStart(10)}  ${line}`);
    if (this.#lines.length > 2 * linesKept) this.#lines.splice(0, linesKept);
  }

  /** The last lines, oldest first. */
  lines(): string[] {
    return this.#lines.slice(-linesKept);
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value & 0xffff), 0x01000193);
    this.#hash = Math.imul(this.#hash ^ (value >>> 16), 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }
}
