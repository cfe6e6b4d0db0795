/** Counts of what happened in runs, to show that the seeds reach what they are meant to. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    if (count !== 0) this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  merge(counts: Readonly<Record<string, number>>): void {
    for (const [what, count] of Object.entries(counts)) this.add(what, count);
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  toString(): string {
    return Object.entries(this.counts())
      .map(([what, count]) => `${what} ${count}`)
      .join(', ');
  }
}
