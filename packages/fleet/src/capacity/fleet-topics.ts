/**
 * The topics of a cluster as the capacity model sees them: those that are declared, those that are there, who reads.
 */
import type { Application, Mirror, Topic } from '@millrace/api/declared';
import type { ObservedCluster } from '../inventory/inventory.ts';
import type { ExistingTopic } from './existing-topic.ts';

export interface DeclaredFlows {
  readonly topics: readonly Topic[];
  readonly applications: readonly Application[];
  readonly mirrors: readonly Mirror[];
}

/** Made of what is declared at one moment; what it takes to find the topics of a cluster is worked out once. */
export class FleetTopics {
  readonly #topics: ReadonlyMap<string, readonly Topic[]>;
  readonly #mirrors: ReadonlyMap<string, readonly Mirror[]>;
  readonly #readers: ReadonlyMap<string, readonly string[]>;

  constructor({ topics, applications, mirrors }: DeclaredFlows) {
    this.#topics = Map.groupBy(topics, ({ cluster }) => cluster);
    this.#mirrors = Map.groupBy(mirrors, ({ source }) => source);
    const uses = applications.flatMap((application) => application.uses ?? []);
    const reads = uses.filter(({ role }) => role === 'consumer');
    const byCluster = Map.groupBy(reads, ({ cluster }) => cluster);
    this.#readers = new Map([...byCluster].map(([cluster, own]) => [cluster, own.map(({ topic }) => topic)]));
  }

  /** By name ascending. */
  on(cluster: string, observed: ObservedCluster | undefined): ExistingTopic[] {
    const declared = new Map(this.#topics.get(cluster)?.map((topic) => [topic.name, topic]));
    const names = new Set([...declared.keys(), ...(observed?.topics.keys() ?? [])]);
    const readersOf = counter(this.#readers.get(cluster) ?? []);
    const mirrors = this.#mirrors.get(cluster) ?? [];
    return [...names].sort().map((name) => ({
      name,
      declared: declared.get(name),
      observed: observed?.topics.get(name),
      readers: readersOf(name),
      mirrors: mirrors.filter((mirror) => mirrorTakes(mirror, name)).length,
    }));
  }
}

/** How many of the uses are of a topic; with a star at its end one is of all that begin so. */
function counter(used: readonly string[]): (topic: string) => number {
  const prefixes = used.filter((topic) => topic.endsWith('*')).map((topic) => topic.slice(0, -1));
  const literal = new Map<string, number>();
  for (const topic of used) literal.set(topic, (literal.get(topic) ?? 0) + 1);
  return (topic) => (literal.get(topic) ?? 0) + prefixes.filter((prefix) => topic.startsWith(prefix)).length;
}

/** Whether a mirror copies a topic of its source. */
export function mirrorTakes({ topics, exclude = [] }: Pick<Mirror, 'topics' | 'exclude'>, topic: string): boolean {
  return topics.some((pattern) => matches(pattern, topic)) && !exclude.some((pattern) => matches(pattern, topic));
}

/** `*` is any text. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let from = first.length;
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at === -1 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
