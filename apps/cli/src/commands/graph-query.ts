import { command } from '../framework/command.ts';
import { integer, withDefault } from '../framework/option.ts';
import { graphOptions, withGraph } from '../graph/graph-options.ts';

export const graphQuery = command({
  name: 'graph query',
  summary: "Find things in a graph by Gremlin's steps",
  description: `Prints a JSON line for each result. When a budget ends before the traversal does, what was found is
    printed, a line on stderr says so, and the command ends with 3.`,
  operands: [{ name: 'TRAVERSAL', help: "g.V('a').out('pays').dedup().count()" }],
  options: {
    time: integer({ placeholder: 'MS', help: 'How long it may take' }, { min: 1 }),
    fanOut: withDefault(integer({ placeholder: 'N', help: 'What any step may hand on' }, { min: 1 }), 1_000_000),
    ...graphOptions,
  },
  examples: [
    { command: `millrace graph query "g.V('alice').out('uses').in('uses').dedup().id()"`, does: 'Who shares devices' },
    { command: `millrace graph query "g.V('a').both().both().count()" --time 40`, does: 'What 40 ms find' },
  ],
  async run({ options, operands, terminal }) {
    const [traversal = ''] = operands;
    const { time: timeMs, fanOut: fanOutMax } = options;
    return withGraph(options, async (graph) => {
      const { signal, output } = terminal;
      const outcome = await graph.parse(traversal).run({ timeMs, fanOutMax, signal });
      for (const result of outcome.results) output.line(JSON.stringify(result, shown));
      if (outcome.complete) return undefined;
      terminal.note(`There may be more: the budget for ${outcome.why} has ended.`);
      return 3;
    });
  },
});

function shown(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Map ? [...value].map(([key, count]) => ({ key, count })) : value;
}
