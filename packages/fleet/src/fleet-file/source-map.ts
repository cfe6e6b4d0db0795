/** Where in a YAML text the parts of its value stand. */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type ParsedNode } from 'yaml';

export type Step = string | number;

/** The line, from 1, of the part that `steps` lead to, or of the last one on the way that is there. */
export function lineOf(document: Document.Parsed, lines: LineCounter, steps: readonly Step[]): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const step of steps) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      offset = offsetOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = offsetOf(node) ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? (node as ParsedNode).range?.[0] : undefined;
}

/** Steps as people write them: `clusters[0].client["sasl.password"]`. */
export function pathOf(steps: readonly Step[]): string {
  const parts = steps.map((step, index) => {
    if (/^\d+$/.test(String(step))) return `[${step}]`;
    if (!/^[A-Za-z_]\w*$/.test(String(step))) return `[${JSON.stringify(step)}]`;
    return index === 0 ? String(step) : `.${step}`;
  });
  return parts.join('');
}
