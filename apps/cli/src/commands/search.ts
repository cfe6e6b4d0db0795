import type { SearchHit } from '@millrace/api/fleet';
import { command } from '../framework/command.ts';
import { integer, text, withDefault } from '../framework/option.ts';
import { showList } from '../framework/show-list.ts';
import type { Column } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

const columns: readonly Column<SearchHit>[] = [
  { title: 'KIND', cell: (row) => row.kind },
  { title: 'NAME', cell: (row) => row.name, shrinks: true },
  { title: 'CLUSTER', cell: (row) => row.cluster },
  { title: 'OWNER', cell: (row) => row.owner },
  { title: 'KNOWN', cell: knownBy },
];

export const search = command({
  name: 'search',
  summary: 'Find whatever has a text in its name, in all of the fleet',
  description: `Clusters, brokers, topics, groups, applications, teams, mirrors and the rest, declared or seen; the best
    first: the name itself, names that begin with the text, names that have it in them.`,
  operands: [{ name: 'TEXT', help: 'a part of the name' }],
  options: {
    kind: text({ placeholder: 'A,B', help: 'Only of these kinds: topic,group' }),
    limit: withDefault(integer({ placeholder: 'N', help: 'How many at most' }, { min: 1, max: 200 }), 50),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace search orders', does: 'Everything about orders, on all clusters' },
    { command: 'millrace search orders --kind topic --json', does: 'Only topics, for a script' },
  ],
  async run({ options, operands, terminal }) {
    const { searchContract } = await import('@millrace/api/fleet');
    const { limit } = options;
    const kinds = options.kind?.toLowerCase();
    const [q = ''] = operands;
    const { items: rows, total } = await callServer(options, searchContract, { query: { q, kinds, limit } }, terminal);
    const more = total > rows.length;
    await showList({ name: 'items', rows, columns, more, none: `Nothing has '${q}' in its name.` }, terminal);
    return undefined;
  },
});

function knownBy({ declared, observed }: SearchHit): string {
  if (declared && observed) return 'declared, seen';
  return declared ? 'declared' : 'seen';
}
