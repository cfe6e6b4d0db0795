/**
 * Counts of words over a repartition, and counts in windows of every kind, all of which a batch computation over the
 * same records can tell exactly, however often the job was killed, moved and restored.
 */
import { int64, text, topic } from '@millrace/client';
import type { Stream } from '../../topology/stream.ts';
import { type Topology, topology } from '../../topology/topology.ts';
import type { WindowResults } from '../../topology/window-results.ts';
import { nameOfLate, nameOfWindow, windowKinds } from './window-kinds.ts';

export interface CountedTopics {
  /** Words without keys. */
  readonly words: string;
  /** Records by key and time, whose values nobody reads. Each partition is counted for itself. */
  readonly timed: string;
  /** Each count of each word, from 1 on. */
  readonly counts: string;
  /** Closed windows of every kind, counts of open ones, and late records; all by their names. */
  readonly windows: string;
}

/** The count of a closed window for which a function throws, once it has had effects, where there are to be such. */
export const badCount = 3;

export function countsAndWindows(
  name: string,
  { words, timed, counts, windows }: CountedTopics,
  { hasBadWindows = false }: { readonly hasBadWindows?: boolean } = {},
): Topology {
  const made = topology(name);
  made
    .source(topic(words, { key: text, value: text }))
    .keyBy('by-word', (word) => word, { key: text, value: text })
    .count('words')
    .to(topic(counts, { key: text, value: int64 }));
  const target = topic(windows, { key: text, value: int64 });
  const source = made.source(topic(timed, { key: text, value: text }));
  const { tumbling, hopping, session, sliding } = windowKinds;
  const add = (count: number): number => count + 1;
  const counting = { value: int64, initial: () => 0, add };
  const found: Record<keyof typeof windowKinds, WindowResults<string, string, number>> = {
    tumbling: source.windowedBy(tumbling, { emit: 'close' }).aggregateWithLate('tumbling', counting),
    hopping: source.windowedBy(hopping, { emit: 'close' }).aggregateWithLate('hopping', counting),
    session: source
      .windowedBy(session, { emit: 'close' })
      .aggregateWithLate('session', { ...counting, merge: (left: number, right: number) => left + right }),
    sliding: source.windowedBy(sliding, { emit: 'close' }).aggregateWithLate('sliding', counting),
  };
  for (const [kind, { results, late }] of Object.entries(found)) {
    results.to(target, { key: (_, { key }) => nameOfWindow(kind, key.key, key.start, key.end) });
    if (hasBadWindows) {
      results.peek((count) => {
        if (count === badCount) throw new Error(`${count} is bad`);
      });
    }
    const ones: Stream<string, number> = late.map(() => 1);
    ones.to(target, { key: (_, { key, timestamp }) => nameOfLate(kind, key, timestamp) });
  }
  const running = source.windowedBy(tumbling, { emit: 'change' }).count('running');
  running.to(target, { key: (_, { key }) => nameOfWindow('running', key.key, key.start, key.end) });
  return made;
}
