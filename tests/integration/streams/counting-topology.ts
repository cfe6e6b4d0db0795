/** Counts records by key, for tests that have several processes run it. */
import { int64, text, topic } from '@millrace/client';
import { type Topology, topology } from '@millrace/streams';

export function counting(name: string, from: string, to: string): Topology {
  const made = topology(name);
  made
    .source(topic(from, { key: text, value: text }))
    .count('counts')
    .to(topic(to, { key: text, value: int64 }));
  return made;
}
