/** A topology as text: sub-topologies, and in each its nodes in their order, with those that they get records from. */
import { type Graph, isSource, type Node } from './node.ts';
import { subTopologies } from './plan.ts';

export function describe(name: string, graph: Graph): string {
  const lines = [`topology ${name}`];
  for (const { index, nodes, stores } of subTopologies(graph)) {
    lines.push(`  sub-topology ${index}`);
    for (const node of nodes) lines.push(`    ${nodeText(node)}`);
    for (const store of stores) lines.push(`    store ${store.name} (${store.kind})`);
  }
  return `${lines.join('\n')}\n`;
}

function nodeText(node: Node): string {
  const { operator } = node;
  const from = node.parents.map(({ node: parent, port }) => (port === 0 ? `${parent.id}` : `${parent.id}:${port}`));
  const behind = from.length === 0 ? '' : ` <- ${from.join(', ')}`;
  if (isSource(operator)) return `${node.id} source ${operator.topic.name}${behind}`;
  const named = operator.name === undefined ? '' : ` '${operator.name}'`;
  const detail = operator.detail === undefined ? '' : ` ${operator.detail}`;
  return `${node.id} ${operator.kind}${named}${detail}${behind}`;
}
