import { command } from '../framework/command.ts';
import { choice, withDefault } from '../framework/option.ts';
import { graphOptions, withGraph } from '../graph/graph-options.ts';

export const graphExport = command({
  name: 'graph export',
  summary: 'Print a graph as JSON lines, CSV or GraphML',
  description: 'JSON lines load again with "graph load"; CSV has edges alone; GraphML is read by other tools.',
  operands: [],
  options: {
    format: withDefault(choice({ help: 'Of what is printed' }, ['jsonl', 'csv', 'graphml']), 'jsonl' as const),
    ...graphOptions,
  },
  examples: [{ command: 'millrace graph export > graph.jsonl', does: 'All of it' }],
  async run({ options, terminal }) {
    const { exportGraph } = await import('@millrace/store');
    await withGraph(options, async (graph) => {
      for await (const part of exportGraph(graph, options.format)) {
        for (const line of part.split('\n')) if (line !== '') terminal.output.line(line);
        await terminal.output.flush();
        terminal.signal.throwIfAborted();
      }
    });
    return undefined;
  },
});
