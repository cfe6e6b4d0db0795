/**
 * A topology as tasks run it: sub-topologies, which are connected by nothing but topics, so that each of them runs once
 * for each partition by itself; and how many partitions its topics have.
 */
import { TopologyError } from '../errors.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { type Graph, isSource, type Node, type SourceOperator } from './node.ts';

export interface SourceNode extends Node {
  readonly operator: SourceOperator;
}

export interface SubTopology {
  /** By first node; the same for the same topology. */
  readonly index: number;
  /** In an order in which records flow. */
  readonly nodes: readonly Node[];
  readonly sources: readonly SourceNode[];
  /** By name ascending. */
  readonly stores: readonly StoreDefinition[];
}

/** The sub-topologies of a graph. Throws `TopologyError` when two stores have one name. */
export function subTopologies({ nodes }: Graph): SubTopology[] {
  const leader = nodes.map(({ id }) => id);
  const find = (id: number): number => {
    while (leader[id] !== id) id = leader[id] as number;
    return id;
  };
  const unite = (left: number, right: number): void => {
    const [a, b] = [find(left), find(right)];
    leader[Math.max(a, b)] = Math.min(a, b);
  };
  const owners = new Map<string, { readonly definition: StoreDefinition; readonly node: number }>();
  for (const node of nodes) {
    for (const { node: parent } of node.parents) unite(node.id, parent.id);
    for (const definition of storesOf(node)) {
      const known = owners.get(definition.name);
      if (known === undefined) owners.set(definition.name, { definition, node: node.id });
      else if (known.definition === definition) unite(node.id, known.node);
      else throw new TopologyError(`two stores have the name '${definition.name}'; give each its own`);
    }
  }
  const groups = new Map<number, Node[]>();
  for (const node of nodes) {
    const group = groups.get(find(node.id));
    if (group === undefined) groups.set(find(node.id), [node]);
    else group.push(node);
  }
  return [...groups.values()].map((members, index) => ({
    index,
    nodes: members,
    sources: members.filter(({ operator }) => isSource(operator)) as SourceNode[],
    stores: [...new Set(members.flatMap(storesOf))].sort((left, right) => (left.name < right.name ? -1 : 1)),
  }));
}

/**
 * Partitions of each topic that the topology reads: those of `known`, and of repartition topics what they are to have.
 * Throws `TopologyError` where a join needs topics to have as many as each other and they have not.
 */
export function partitionCounts(
  graph: Graph,
  subs: readonly SubTopology[],
  known: ReadonlyMap<string, number>,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { sources } of subs) {
    for (const { operator } of sources) {
      if (operator.repartition === undefined) counts.set(operator.topic.name, needKnown(known, operator.topic.name));
      else if (operator.repartition.partitions !== undefined) {
        counts.set(operator.topic.name, operator.repartition.partitions);
      }
    }
  }
  const together = copartitions(graph);
  const open = (): SourceNode[] =>
    subs.flatMap(({ sources }) => sources.filter(({ operator }) => !counts.has(operator.topic.name)));
  for (let left = open(); left.length > 0; left = open()) {
    const found = left.find((source) => settle(source, graph, subs, together, counts));
    if (found !== undefined) continue;
    const names = left.map(({ operator }) => operator.repartition?.name).join(', ');
    throw new TopologyError(`keyBy ${names} depend on each other; give one of them { partitions }`);
  }
  for (const group of together) checkGroup(group, counts);
  return counts;
}

/** Ids of the tasks that write to each repartition topic which a sub-topology reads, with so many partitions. */
export function upstreamTasks(
  { sources }: SubTopology,
  subs: readonly SubTopology[],
  counts: ReadonlyMap<string, number>,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const source of sources) {
    if (source.operator.repartition === undefined || source.operator.repartition.isAnswers) continue;
    const above = subs.filter(({ nodes }) => nodes.some(({ writesTo }) => writesTo === source));
    const ids = above.flatMap((sub) =>
      Array.from({ length: widthOf(sub, counts) }, (_, partition) => taskId(sub, partition)),
    );
    found.set(source.operator.topic.name, ids);
  }
  return found;
}

/** Whether what reaches a node came through a repartition topic. */
export function isBehindRepartition({ operator, parents }: Node): boolean {
  if (isSource(operator)) return operator.repartition !== undefined;
  return parents.some(({ node }) => isBehindRepartition(node));
}

/** How many tasks a sub-topology has. */
export function widthOf({ sources }: SubTopology, counts: ReadonlyMap<string, number>): number {
  return Math.max(0, ...sources.map(({ operator }) => counts.get(operator.topic.name) ?? 0));
}

export function taskId({ index }: SubTopology, partition: number): string {
  return `${index}_${partition}`;
}

/**
 * What a node's records may be earlier than the task's stream time, by what the operators above hold back. Both sides
 * of a join go by the later of the two, since each waits for the other.
 */
export function delays(nodes: readonly Node[]): Map<Node, number> {
  const found = new Map<Node, number>();
  const behind = (node: Node): number[] =>
    node.parents.map(({ node: parent }) => {
      const { operator } = parent;
      return (found.get(parent) ?? 0) + (isSource(operator) ? 0 : (operator.holdsBackMs ?? 0));
    });
  for (const node of nodes) {
    const sides = nodes.filter((other) => other === node || isOtherSide(node, other));
    found.set(node, Math.max(0, ...sides.flatMap(behind)));
  }
  return found;
}

/** How far the operators of each store are behind the stream time of their task, in ms, by the store's name. */
export function storeDelays(nodes: readonly Node[]): Map<string, number> {
  const held = delays(nodes);
  const found = new Map<string, number>();
  for (const node of nodes) {
    for (const { name } of storesOf(node)) found.set(name, Math.max(found.get(name) ?? 0, held.get(node) ?? 0));
  }
  return found;
}

/** The sides of a join are the only operators that have a name together. What is above them comes before both. */
function isOtherSide({ operator }: Node, { operator: other }: Node): boolean {
  if (isSource(operator) || isSource(other) || operator.kind !== 'join' || other.kind !== 'join') return false;
  return operator.name !== undefined && operator.name === other.name;
}

function storesOf({ operator }: Node): readonly StoreDefinition[] {
  return isSource(operator) ? [] : (operator.stores ?? []);
}

function needKnown(known: ReadonlyMap<string, number>, topic: string): number {
  const count = known.get(topic);
  if (count !== undefined) return count;
  throw new TopologyError(`the source topic ${topic} does not exist; create it before the job starts`);
}

/** Sources that joins bind together, group by group. */
function copartitions({ nodes }: Graph): Set<SourceNode>[] {
  const groups: Set<SourceNode>[] = [];
  for (const { copartitioned } of nodes) {
    if (copartitioned.length === 0) continue;
    const group = new Set(copartitioned as SourceNode[]);
    for (const other of groups.filter((each) => [...each].some((source) => group.has(source)))) {
      groups.splice(groups.indexOf(other), 1);
      for (const source of other) group.add(source);
    }
    groups.push(group);
  }
  return groups;
}

/** Finds the count of a repartition topic; false while it depends on another that is open. */
function settle(
  source: SourceNode,
  graph: Graph,
  subs: readonly SubTopology[],
  together: readonly ReadonlySet<SourceNode>[],
  counts: Map<string, number>,
): boolean {
  const group = together.find((each) => each.has(source));
  const given = [...(group ?? [])].map(({ operator }) => counts.get(operator.topic.name));
  const bound = given.find((count) => count !== undefined);
  if (bound !== undefined) {
    counts.set(source.operator.topic.name, bound);
    return true;
  }
  const writers = graph.nodes.filter(({ writesTo }) => writesTo === source);
  const above = subs.filter(({ nodes }) => writers.some((writer) => nodes.includes(writer)));
  const widths = above.flatMap(({ sources }) => sources.map(({ operator }) => counts.get(operator.topic.name)));
  if (widths.some((width) => width === undefined)) return false;
  counts.set(source.operator.topic.name, Math.max(...(widths as number[])));
  return true;
}

function checkGroup(group: ReadonlySet<SourceNode>, counts: ReadonlyMap<string, number>): void {
  const names = [...group].map(({ operator }) => operator.topic.name);
  if (new Set(names.map((name) => counts.get(name))).size <= 1) return;
  const found = names.map((name) => `${name} has ${counts.get(name)}`).join(', ');
  throw new TopologyError(
    `topics whose records meet by key must have as many partitions as each other, but ${found}; put a keyBy with ` +
      '{ partitions } before they meet, or give the topics the same number',
  );
}
