import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { command } from '../framework/command.ts';
import { flag, text, withDefault } from '../framework/option.ts';
import { count } from '../framework/table.ts';
import { graphOptions, withGraph } from '../graph/graph-options.ts';

export const graphLoad = command({
  name: 'graph load',
  summary: 'Load vertices and edges from a file',
  description: `JSON lines have {"id", "label", "properties"} for a vertex and {"from", "label", "to", "key", "weight",
    "time", "properties"} for an edge, as "graph export" writes them. A file that ends with .csv has an edge a line, by
    the columns that are named here; others are its properties. Nobody else may write to the graph meanwhile. What is
    there stays; loading the same once more changes nothing.`,
  operands: [{ name: 'FILE', help: 'JSON lines or CSV' }],
  options: {
    from: withDefault(text({ placeholder: 'COLUMN', help: 'Of CSV: where edges leave' }), 'from'),
    to: withDefault(text({ placeholder: 'COLUMN', help: 'Of CSV: where they arrive' }), 'to'),
    label: withDefault(text({ placeholder: 'LABEL', help: 'Of CSV: the label of all edges' }), 'edge'),
    labelColumn: text({ placeholder: 'COLUMN', help: 'Of CSV: their labels' }),
    key: text({ placeholder: 'COLUMN', help: 'Of CSV: tells edges of a label between the same two apart' }),
    keyByLine: flag({ help: 'Of CSV: each line is an edge of its own' }),
    weight: text({ placeholder: 'COLUMN', help: 'Of CSV: a number' }),
    edgeTime: text({ placeholder: 'COLUMN', help: 'Of CSV: a number' }),
    ...graphOptions,
  },
  examples: [
    { command: 'millrace graph load graph.jsonl', does: 'What an export wrote' },
    {
      command: 'millrace graph load transfers.csv --from payer --to payee --label pays --weight amount --key-by-line',
      does: 'An edge for each transfer',
    },
  ],
  async run({ options, operands, terminal }) {
    const [file = ''] = operands;
    const { itemsOfCsv, itemsOfJsonLines, loadGraph } = await import('@millrace/store');
    const { from, to, label, labelColumn, key, keyByLine, weight, edgeTime: time } = options;
    const input = createReadStream(file, { signal: terminal.signal });
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    const columns = { from, to, label, labelColumn, key, keyByLine, weight, time };
    const items = file.endsWith('.csv') ? itemsOfCsv(lines, columns) : itemsOfJsonLines(lines);
    const loaded = await withGraph(options, (graph) => loadGraph(graph, items));
    if (terminal.json) terminal.output.json(loaded);
    else terminal.output.line(`Loaded ${count(loaded.edges)} edges and ${count(loaded.vertices)} vertices.`);
    return undefined;
  },
});
