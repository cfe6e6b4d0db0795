/** How often a request mentions each topic: Kafka does nothing to one that is mentioned twice, and answers it once. */
export class Mentions {
  readonly #counts = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(topics: Iterable<string>) {
    for (const topic of topics) this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + 1);
  }

  has(topic: string): boolean {
    return this.#counts.has(topic);
  }

  /** To be asked once for each mention: whether it is the only one, the first of several, or a repetition. */
  place(topic: string): 'only' | 'first' | 'repeated' {
    if (this.#counts.get(topic) === 1) return 'only';
    if (this.#told.has(topic)) return 'repeated';
    this.#told.add(topic);
    return 'first';
  }
}
