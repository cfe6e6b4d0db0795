import { command } from '../framework/command.ts';
import { choice, flag, text } from '../framework/option.ts';
import { limitOption, showList } from '../framework/show-list.ts';
import { requestColumns } from '../onboarding/request-text.ts';
import { callServer } from '../server/find-server.ts';
import { readPages } from '../server/read-pages.ts';
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
    ...limitOption,
    ...serverOptions,
  },
  examples: [{ command: 'millrace request list --mine', does: 'What waits for me' }],
  async run({ options, terminal }) {
    const { listRequestsContract } = await import('@millrace/api/fleet');
    const { state, team, topic, mine, limit } = options;
    const filter = { state, team, topic, ...(mine && { awaitsMe: true }) };
    const { items: rows, more } = await readPages(
      (page) => callServer(options, listRequestsContract, { query: { ...filter, ...page } }, terminal),
      limit,
    );
    const none = mine ? 'No request waits for you.' : 'There are no such requests.';
    await showList({ name: 'items', rows, columns: requestColumns, more, none }, terminal);
    return undefined;
  },
});
