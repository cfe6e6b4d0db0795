import { command } from '../framework/command.ts';
import { integer, withDefault } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import { alertText } from '../logs/alert-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const logsAlerts = command({
  name: 'pipeline logs alerts',
  summary: 'Show shapes of lines that were new, or surged',
  description:
    'Newest last. A shape is new when a thousand lines came without it, and surges when it comes far more often than ' +
    'it usually does.',
  operands: [],
  options: {
    limit: withDefault(integer({ placeholder: 'N', help: 'How many at most' }, { min: 1, max: 500 }), 50),
    ...serverOptions,
  },
  examples: [{ command: 'millrace logs alerts', does: 'What is new in the logs' }],
  async run({ options, terminal }) {
    const { logAlertsContract } = await import('@millrace/api');
    const { alerts } = await callServer(options, logAlertsContract, {}, terminal);
    const shown = alerts.slice(0, options.limit).toReversed();
    for (const alert of shown) {
      if (terminal.json) terminal.output.json(alert);
      else terminal.output.line(`${alert.time}  ${alert.template}  ${alertText(alert)}`);
    }
    if (!terminal.json) terminal.note(`${counted(alerts.length, 'alert')}.`);
    return undefined;
  },
});
