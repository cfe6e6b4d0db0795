/**
 * What the classes that users see have in common below: the graph that they add to, which node they stand for, and what
 * is known of their keys and values.
 */

import { TopologyError } from '../errors.ts';
import { type AnySerde, type Edge, type Graph, isSource, type Node } from './node.ts';

/** Names are part of topics' names. */
const namePattern = /^[a-zA-Z0-9_-]{1,100}$/;

/** A topology while it is put together. */
export class Blueprint {
  readonly name: string;
  readonly graph: Graph;
  readonly #names = new Set<string>();
  readonly sources = new Map<string, Node>();

  constructor(name: string, graph: Graph) {
    checkName('topology', name);
    this.name = name;
    this.graph = graph;
  }

  /** Takes a name for a store, join or repartition. Throws `TopologyError` where it is taken. */
  claim(kind: string, name: string): string {
    checkName(kind, name);
    if (this.#names.has(name)) {
      throw new TopologyError(`the name '${name}' is used twice in topology '${this.name}'; give each ${kind} its own`);
    }
    this.#names.add(name);
    return name;
  }
}

export function checkName(kind: string, name: string): void {
  if (namePattern.test(name)) return;
  throw new TopologyError(
    `the ${kind} name '${name}' must be 1 to 100 letters, digits, '-' or '_': it becomes part of names of topics`,
  );
}

/** A place in the graph where records of known serdes come out. */
export interface Place {
  readonly blueprint: Blueprint;
  readonly edge: Edge;
  readonly keySerde: AnySerde | undefined;
  /** Undefined where a function has changed the value. */
  readonly valueSerde: AnySerde | undefined;
  /** Where its records come from: by these the partitions of its keys are known. */
  readonly origins: readonly Node[];
}

/** Whether records come there through a repartition topic. */
export function isRepartitioned({ origins }: Place): boolean {
  return origins.some(({ operator }) => isSource(operator) && operator.repartition !== undefined);
}

/** The serde that is given, or else known; throws `TopologyError` where there is none. */
export function needSerde(
  field: 'key' | 'value',
  given: AnySerde | undefined,
  known: AnySerde | undefined,
  user: string,
): AnySerde {
  const serde = given ?? known;
  if (serde !== undefined) return serde;
  throw new TopologyError(`${user} needs the serde of its ${field}s: give it as { ${field}: ... }`);
}
