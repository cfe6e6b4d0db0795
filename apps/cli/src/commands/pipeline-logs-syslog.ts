import { hostname } from 'node:os';
import { clusterOptions } from '../cluster/cluster-options.ts';
import { openHome } from '../cluster/open-home.ts';
import { command } from '../framework/command.ts';
import { integer, text, withDefault } from '../framework/option.ts';
import { maskerOf, maskOption } from '../logs/line-options.ts';
import { untilStopped } from '../until-stopped.ts';

const dayMs = 86_400_000;

export const logsSyslog = command({
  name: 'pipeline logs syslog',
  summary: 'Take lines that programs and devices send as syslog',
  description:
    'RFC 5424 and RFC 3164, over TCP and UDP on one port. Senders over TCP wait while the cluster is slow or away; ' +
    'what comes over UDP meanwhile is lost. Syslog says nothing of who sends: ' +
    'listen on loopback, or on a network of its own.',
  operands: [],
  options: {
    port: withDefault(
      integer({ placeholder: 'N', help: 'Port for TCP and UDP; 0: any' }, { min: 0, max: 65_535 }),
      5514,
    ),
    listen: withDefault(text({ placeholder: 'HOST', help: 'Interface to listen on' }), '127.0.0.1'),
    name: text({ placeholder: 'NAME', help: 'Names this listener on its cluster (default: by host and port)' }),
    ...maskOption,
    ...clusterOptions,
  },
  serves: true,
  examples: [{ command: 'millrace logs syslog --port 5514', does: 'Take syslog of this machine' }],
  async run({ options, terminal }) {
    const { ensureLogTopics, LineIntake, SyslogListener } = await import('@millrace/pipelines');
    const masker = await maskerOf(options.mask);
    await using cluster = await openHome(options);
    await ensureLogTopics(cluster.admin, terminal.signal);
    const name = options.name ?? `syslog-${hostname()}-${options.port}`;
    await using intake = new LineIntake({ client: cluster.client, name, masker, deliveryTimeoutMs: 7 * dayMs });
    await using listener = await SyslogListener.start({ intake, host: options.listen, port: options.port });
    if (terminal.json) terminal.output.json({ ready: true, host: options.listen, port: listener.port });
    else terminal.note(`Taking syslog on ${options.listen}:${listener.port} (TCP and UDP). Ctrl-C stops.`);
    await terminal.output.flush();
    await untilStopped(terminal);
    if (listener.lost > 0) terminal.note(`${listener.lost} lines over UDP could not be stored.`);
    return undefined;
  },
});
