import { command } from '../framework/command.ts';
import { choice, flag, integer, text, withDefault } from '../framework/option.ts';
import { table } from '../framework/table.ts';
import { requestColumns } from '../onboarding/request-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const requestList = command({
  name: 'request list',
  summary: 'List requests, newest first',
  operands: [],
  options: {
    state: choice({ help: 'Only in this state' }, [
      'waiting',
      'refused',
      'approved',
      'provisioning',
      'failed',
      'done',
      'withdrawn',
    ]),
    team: text({ placeholder: 'TEAM', help: 'Only those of this team, or of its topics' }),
    topic: text({ placeholder: 'NAME', help: 'Only those about this topic' }),
    mine: flag({ help: 'Only those that wait for my decision' }),
    limit: withDefault(integer({ placeholder: 'N', help: 'How many at most' }, { min: 1, max: 1_000 }), 100),
    ...serverOptions,
  },
  examples: [{ command: 'millrace request list --mine', does: 'What waits for me' }],
  async run({ options, terminal }) {
    const { listRequestsContract } = await import('@millrace/api/fleet');
    const { state, team, topic, mine, limit } = options;
    const query = { state, team, topic, limit, ...(mine && { awaitsMe: true }) };
    const { items } = await callServer(options, listRequestsContract, { query }, terminal);
    if (terminal.json) {
      terminal.output.json({ items });
      return undefined;
    }
    for (const line of table(items, requestColumns, terminal.output.columns)) terminal.output.line(line);
    return undefined;
  },
});
