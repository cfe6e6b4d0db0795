/** A graph as text: JSON lines, which load as they are; CSV of its edges; GraphML, which other tools read. */
import { type Edge, edgeId, type Vertex } from '../element.ts';
import type { Graph } from '../graph.ts';
import { Adjacency, edgeAt } from '../read/adjacency.ts';
import { ListRecords } from '../read/list-records.ts';

export type ExportFormat = 'jsonl' | 'csv' | 'graphml';

/**
 * The text in parts, a page of vertices at a time. What changes meanwhile is there as it was before or is after. CSV
 * has no vertices.
 */
export async function* exportGraph(graph: Graph, format: ExportFormat): AsyncGenerator<string> {
  const { head, vertex, edge, tail } = formats[format];
  yield head;
  const { store, places, labels, clock } = graph.source;
  const adjacency = new Adjacency(new ListRecords(store, places), labels, clock);
  await graph.refresh();
  for await (const page of graph.allVertices()) {
    const parts = page.map(vertex);
    const vertices = page.map(({ id }) => id);
    await adjacency.each({ vertices, directions: ['out'], labels: [] }, (index, cursor, direction, label) => {
      parts.push(edge(edgeAt(cursor, vertices[index] as string, direction, label)));
      return true;
    });
    yield parts.join('');
  }
  yield tail;
}

interface TextFormat {
  readonly head: string;
  readonly vertex: (vertex: Vertex) => string;
  readonly edge: (edge: Edge) => string;
  readonly tail: string;
}

const formats: { readonly [format in ExportFormat]: TextFormat } = {
  jsonl: {
    head: '',
    vertex: (vertex) => `${json(vertex)}\n`,
    edge: ({ key, ...edge }) => `${json({ ...edge, ...(key !== '' && { key }) })}\n`,
    tail: '',
  },
  csv: {
    head: 'from,label,to,key,weight,time,expiresAt,properties\n',
    vertex: () => '',
    edge: ({ from, label, to, key, weight, time, expiresAt, properties }) => {
      const own = Object.keys(properties).length === 0 ? '' : json(properties);
      return `${[from, label, to, key, weight ?? '', time ?? '', expiresAt ?? '', own].map(csvField).join()}\n`;
    },
    tail: '',
  },
  graphml: {
    head: `<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="label" for="all" attr.name="label" attr.type="string"/>
  <key id="weight" for="edge" attr.name="weight" attr.type="double"/>
  <key id="time" for="edge" attr.name="time" attr.type="double"/>
  <key id="properties" for="all" attr.name="properties" attr.type="string"/>
  <graph id="graph" edgedefault="directed">
`,
    vertex: ({ id, label, properties }) => {
      const own = datum('properties', Object.keys(properties).length === 0 ? undefined : json(properties));
      return `    <node id="${xml(id)}">${datum('label', label)}${own}</node>\n`;
    },
    edge: (edge) => {
      const { from, to, label, weight, time, properties } = edge;
      const own = datum('properties', Object.keys(properties).length === 0 ? undefined : json(properties));
      const data = `${datum('label', label)}${datum('weight', weight)}${datum('time', time)}${own}`;
      return `    <edge id="${xml(edgeId(edge))}" source="${xml(from)}" target="${xml(to)}">${data}</edge>\n`;
    },
    tail: '  </graph>\n</graphml>\n',
  },
};

function datum(key: string, value: string | number | undefined): string {
  return value === undefined ? '' : `<data key="${key}">${xml(String(value))}</data>`;
}

/** Whole numbers beyond the exact ones are text, bytes base64. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return String(each);
    return each instanceof Uint8Array ? Buffer.from(each).toString('base64') : each;
  });
}

function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
