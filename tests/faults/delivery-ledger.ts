/**
 * What writers and readers of a run said, held against what the topics hold in the end.
 *
 * 1. What was acknowledged is at its offset.
 * 2. An idempotent writer's records are there once each, in order.
 * 3. Each record that there is was handled by a member of the group.
 * 4. Within a generation of the group, a partition was handled by one member alone.
 */

/** Keys of a topic's records, by partition and offset. */
export type TopicContent = readonly (readonly string[])[];

interface Acknowledged {
  readonly topic: string;
  readonly by: string;
  readonly partition: number;
  readonly offset: number;
  readonly count: number;
  readonly first: number;
}

const PROBLEMS_TOLD = 5;

export class DeliveryLedger {
  readonly #acknowledged: Acknowledged[] = [];
  /** Offsets handled, by topic and partition. */
  readonly #handled = new Map<string, Set<number>>();
  /** Members by topic, partition and generation. */
  readonly #owners = new Map<string, Set<string>>();
  #handledBatches = 0;

  get acknowledgedRecords(): number {
    return this.#acknowledged.reduce((sum, { count }) => sum + count, 0);
  }

  get handledBatches(): number {
    return this.#handledBatches;
  }

  /** What a writer says of a batch. */
  acknowledged(detail: string): void {
    const [topic = '', by = '', ...figures] = detail.split(' ');
    const [partition = 0, offset = 0, count = 0, first = 0] = figures.map(Number);
    this.#acknowledged.push({ topic, by, partition, offset, count, first });
  }

  /** What a reader says of a batch. */
  handled(detail: string): void {
    const [topic, partition, first, next, generation, member = ''] = detail.split(' ');
    const place = `${topic} ${partition}`;
    const offsets = this.#handled.get(place) ?? new Set();
    for (let offset = Number(first); offset < Number(next); offset++) offsets.add(offset);
    this.#handled.set(place, offsets);
    const owners = this.#owners.get(`${place} generation ${generation}`) ?? new Set();
    this.#owners.set(`${place} generation ${generation}`, owners.add(member));
    this.#handledBatches += 1;
  }

  /** How many of a topic's records nobody has handled yet. */
  unhandled(topic: string, content: TopicContent): number {
    let count = 0;
    for (const [partition, keys] of content.entries()) {
      const handled = this.#handled.get(`${topic} ${partition}`);
      for (const offset of keys.keys()) if (!handled?.has(offset)) count += 1;
    }
    return count;
  }

  /** What is wrong, in words; empty when nothing is. */
  problems(topic: string, content: TopicContent, isIdempotent: boolean): string[] {
    const problems: string[] = [];
    for (const batch of this.#acknowledged) if (batch.topic === topic) this.#checkPresence(batch, content, problems);
    if (isIdempotent) for (const [partition, keys] of content.entries()) checkOrder(topic, partition, keys, problems);
    const unhandled = this.unhandled(topic, content);
    if (unhandled > 0) problems.push(`${topic}: ${unhandled} records were handled by nobody`);
    return problems.length <= PROBLEMS_TOLD
      ? problems
      : [...problems.slice(0, PROBLEMS_TOLD), `${topic}: ${problems.length - PROBLEMS_TOLD} more such problems`];
  }

  /** Partitions that two members handled in one generation, in words. */
  sharedPartitions(): string[] {
    const shared = [...this.#owners].filter(([, members]) => members.size > 1);
    return shared.map(([place, members]) => `${place} was handled by ${[...members].join(' and ')}`);
  }

  #checkPresence(batch: Acknowledged, content: TopicContent, problems: string[]): void {
    const { topic, by, partition, offset, count, first } = batch;
    for (let index = 0; index < count; index++) {
      const key = `${by}-${first + index}`;
      const found = content[partition]?.[offset + index];
      if (found === key) continue;
      const where = `${topic} [${partition}] offset ${offset + index}`;
      problems.push(`${key} was acknowledged at ${where}, where there is ${found ?? 'nothing'}`);
    }
  }
}

/** Numbers of each writer only rise: a record that is there twice, or late, breaks that. */
function checkOrder(topic: string, partition: number, keys: readonly string[], problems: string[]): void {
  const last = new Map<string, number>();
  for (const [offset, key] of keys.entries()) {
    const dash = key.indexOf('-');
    const [by, number] = [key.slice(0, dash), Number(key.slice(dash + 1))];
    const before = last.get(by) ?? -1;
    if (number <= before) problems.push(`${topic} [${partition}] offset ${offset}: ${key} comes after ${by}-${before}`);
    last.set(by, number);
  }
}
