import type { ConfigAnswer, CredentialSecret } from '@millrace/api/config';
import { command } from '../framework/command.ts';
import { choice, text, withDefault } from '../framework/option.ts';
import { type Column, table } from '../framework/table.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const configTopic = command({
  name: 'config',
  summary: 'Show what a client of an application needs for a topic',
  description: `The cluster, where to connect, how to log in, and the settings of clients, each with the rule that gave
    it its value. With --enrolment it is asked for as the application itself: the answer is checked, and has what it
    logs in with. Without, it has no secret.`,
  operands: [{ name: 'TOPIC', help: 'the topic' }],
  options: {
    app: text({ placeholder: 'NAME', help: 'The application; not needed with --enrolment' }),
    role: withDefault(choice({ help: 'What it does with the topic' }, ['producer', 'consumer']), 'producer'),
    site: text({ placeholder: 'NAME', help: 'Where it runs' }),
    format: withDefault(
      choice({ help: "Java's file, librdkafka's, the answer itself, or a table of values and rules" }, [
        'properties',
        'librdkafka',
        'json',
        'explain',
      ]),
      'explain',
    ),
    out: text({
      placeholder: 'DIR',
      help: 'Write the file, and those that it names, into this folder, for you alone to read, in place of printing it',
    }),
    enrolment: text({ placeholder: 'FILE', help: 'Ask as the application of this file, which `config enrol` wrote' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace config orders --app shop', does: 'The values for a producer, and why' },
    {
      command: 'millrace config orders --role consumer --enrolment shop.json --format properties > orders.properties',
      does: 'A file for a Java client, with the password',
    },
    {
      command: 'millrace config orders --enrolment shop.json --format librdkafka --out /etc/shop',
      does: 'A file for kcat, and the certificates that it names beside it',
    },
  ],
  async run({ options, operands, terminal }) {
    const topic = operands[0] as string;
    const { format, out } = options;
    if (out !== undefined && format !== 'properties' && format !== 'librdkafka') {
      throw new UsageError('--out takes files of clients: say --format properties or --format librdkafka');
    }
    const { answer, secret } =
      options.enrolment === undefined
        ? await explained(topic, options, terminal)
        : await asked(topic, options, terminal);
    if ((terminal.json && out === undefined) || format === 'json') {
      terminal.output.json({ answer, ...(secret !== undefined && { secret }) });
    } else if (format === 'explain') {
      show(answer, terminal);
    } else {
      const { clientFiles, writeClientFiles } = await import('../config/client-files.ts');
      if (out === undefined) {
        terminal.output.text(clientFiles(answer, secret, format).text);
        return undefined;
      }
      const paths = await writeClientFiles(clientFiles(answer, secret, format, out));
      if (terminal.json) terminal.output.json({ files: paths });
      else for (const path of paths) terminal.output.line(path);
    }
    return undefined;
  },
});

interface Told {
  readonly answer: ConfigAnswer;
  readonly secret?: CredentialSecret | undefined;
}

type Choice = Parameters<typeof callServer>[0] & {
  readonly app: string | undefined;
  readonly role: 'producer' | 'consumer';
  readonly site: string | undefined;
  readonly enrolment: string | undefined;
};

async function explained(topic: string, options: Choice, terminal: Terminal): Promise<Told> {
  const { app: application, role, site } = options;
  if (application === undefined) throw new UsageError('name the application with --app, or its file with --enrolment');
  const { configExplainContract } = await import('@millrace/api/config');
  const query = { application, topic, role, site };
  const { answer, view } = await callServer(options, configExplainContract, { query }, terminal);
  if (!view.current) terminal.note(`The service could not look since ${new Date(view.asOf).toISOString()}.`);
  return { answer };
}

async function asked(topic: string, options: Choice, terminal: Terminal): Promise<Told> {
  const { enrolment: path = '', role, site } = options;
  const { askAs } = await import('../config/ask-as.ts');
  const { application } = await askAs.enrolment(path);
  if (options.app !== undefined && options.app !== application) {
    throw new UsageError(`${path} is of application ${application}, not of ${options.app}`);
  }
  return await askAs.answer(path, { topic, role }, site, terminal.signal);
}

function show(answer: ConfigAnswer, terminal: Terminal): void {
  const { cluster, bootstrap, settings, credential } = answer;
  const rows = [
    { name: 'cluster', value: cluster.name, rule: cluster.rule },
    { name: 'bootstrap.servers', value: bootstrap, rule: `cluster ${cluster.name}` },
    ...(credential === undefined ? [] : [{ name: 'principal', value: credential.principal, rule: 'credential' }]),
    ...Object.entries(settings).map(([name, setting]) => ({ name, ...setting })),
  ];
  const columns: Column<(typeof rows)[number]>[] = [
    { title: 'NAME', cell: (row) => row.name },
    { title: 'VALUE', cell: (row) => row.value.replaceAll(/\s+/g, ' '), shrinks: true },
    { title: 'RULE', cell: (row) => row.rule, shrinks: true },
  ];
  for (const line of table(rows, columns, terminal.output.columns)) terminal.output.line(line);
}
