/**
 * Finds the topics that patterns match, without ever holding up the broker: it works in slices of a few milliseconds
 * with pauses between them, one pattern at a time for the whole cluster.
 */
import type { Platform } from '@millrace/base';
import type { TopicLookup } from '../topic-lookup.ts';
import type { TopicPattern } from './topic-pattern.ts';

/** How long it works at once, and how long it rests before it goes on; milliseconds. */
const sliceMs = 5;
const pauseMs = 10;

interface Job {
  readonly pattern: TopicPattern;
  readonly includes: (topicName: string) => boolean;
  readonly done: (topicNames: readonly string[]) => void;
  readonly names: Iterator<string>;
  readonly matching: string[];
}

export class PatternResolver {
  readonly #platform: Pick<Platform, 'clock' | 'timers'>;
  readonly #topics: TopicLookup;
  readonly #jobs: Job[] = [];
  #isPausing = false;
  #closed = false;

  constructor(platform: Pick<Platform, 'clock' | 'timers'>, topics: TopicLookup) {
    this.#platform = platform;
    this.#topics = topics;
  }

  /**
   * Calls `done` with the matching topics that `includes` lets pass, ascending: before this returns, if there is little
   * to do. Topics created meanwhile may be missing.
   */
  resolve(pattern: TopicPattern, includes: Job['includes'], done: Job['done']): void {
    const names = [...this.#topics.all()].map(({ name }) => name);
    this.#jobs.push({ pattern, includes, done, names: names.values(), matching: [] });
    if (!this.#isPausing) this.#work();
  }

  close(): void {
    this.#closed = true;
    this.#jobs.length = 0;
  }

  #work(): void {
    const { clock, timers } = this.#platform;
    const until = clock.monotonic() + sliceMs;
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      if (!advance(job, () => clock.monotonic() >= until)) break;
      this.#jobs.shift();
      job.done(job.matching.sort());
    }
    this.#isPausing = this.#jobs.length > 0 && !this.#closed;
    if (!this.#isPausing) return;
    timers.after(pauseMs, () => {
      this.#isPausing = false;
      if (!this.#closed) this.#work();
    });
  }
}

/** Whether the job came to its end before its time was up. It tries one name at least. */
function advance({ names, pattern, includes, matching }: Job, isTimeUp: () => boolean): boolean {
  for (;;) {
    const next = names.next();
    if (next.done === true) return true;
    if (pattern.matches(next.value) && includes(next.value)) matching.push(next.value);
    if (isTimeUp()) return false;
  }
}
