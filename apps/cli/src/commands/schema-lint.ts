import type { Catalog, LintedStatement } from '@millrace/postgres';
import { command } from '../framework/command.ts';
import { exitCodes } from '../framework/exit-codes.ts';
import { choice, text, withDefault } from '../framework/option.ts';
import type { Output } from '../framework/output.ts';
import { counted } from '../framework/table.ts';
import { readScript } from '../schema/read-script.ts';

const compatibilities = ['NONE', 'BACKWARD', 'FORWARD', 'FULL'] as const;

export const schemaLint = command({
  name: 'schema lint',
  summary: 'Check changes to a PostgreSQL schema before they run',
  description: `For each statement: the locks it takes, whether it writes or reads whole tables under them, whom it
    breaks, and the safe way. Exits 1 when something is unsafe. With a database the answer is exact: what depends on
    columns, constraints and partitions that are there is read from it, and nothing else is done to it. Of tables that
    are captured it tells whose topics change, and whether a schema registry takes that.`,
  operands: [{ name: 'FILE', help: 'SQL; - is stdin', many: true }],
  options: {
    databaseUrl: text({
      placeholder: 'URL',
      help: 'The PostgreSQL that the changes are for: postgres://user@host/name',
    }),
    compatibility: withDefault(
      choice({ help: 'What the schema registry asks of the topics of captured tables' }, compatibilities),
      'BACKWARD',
    ),
  },
  examples: [
    { command: 'millrace schema lint migrations/0042.sql', does: 'In a pipeline, before it is merged' },
    {
      command: 'millrace schema lint 0042.sql --database-url postgres://localhost/shop',
      does: 'With what the database has',
    },
  ],
  async run({ operands, options, terminal }) {
    const { lintScript } = await import('@millrace/postgres');
    const catalog = options.databaseUrl === undefined ? undefined : await readDatabase(options.databaseUrl);
    let unsafe = 0;
    let statements = 0;
    for (const file of operands) {
      const script = await readScript(file);
      for (const linted of await lintScript(script, catalog, { compatibilityOf: () => options.compatibility })) {
        statements++;
        unsafe += linted.findings.filter(({ severity }) => severity === 'unsafe').length;
        if (terminal.json) terminal.output.json(asJson(file, linted));
        else show(file, linted, terminal.output);
      }
    }
    if (!terminal.json) {
      terminal.output.line(
        unsafe === 0
          ? `${counted(statements, 'statement')}, none unsafe.`
          : `${counted(statements, 'statement')}, ${counted(unsafe, 'unsafe finding')}.`,
      );
    }
    return unsafe === 0 ? undefined : exitCodes.failed;
  },
});

async function readDatabase(url: string): Promise<Catalog> {
  const { readCatalog, withConnection } = await import('@millrace/postgres');
  return await withConnection(url, readCatalog);
}

function asJson(file: string, { statement, kind, locks, rewrites, scans, findings }: LintedStatement) {
  const { text: sql, line, column } = statement;
  return { file, line, column, statement: sql, kind, locks, rewrites, scans, findings };
}

function show(
  file: string,
  { statement, kind, locks, rewrites, scans, findings }: LintedStatement,
  output: Output,
): void {
  const taken = locks.map(({ on, mode }) => `${mode} on ${on.schema === undefined ? '' : `${on.schema}.`}${on.name}`);
  const under = [
    ...(rewrites === 'no' ? [] : [rewrites === 'yes' ? 'rewrites' : 'may rewrite']),
    ...(scans === 'no' || rewrites === 'yes' ? [] : [scans === 'yes' ? 'reads each row' : 'may read each row']),
  ];
  const facts = [...taken, ...under].join('; ');
  output.line(`${file}:${statement.line}:${statement.column}  ${kind}${facts === '' ? '' : `  (${facts})`}`);
  for (const { rule, severity, message, breaks, safe } of findings) {
    const whom = breaks.length === 0 ? '' : ` [${breaks.join(', ')}]`;
    output.line(`  ${severity}: ${message}${whom} (${rule})`);
    for (const [index, step] of safe.entries()) output.line(`    ${index === 0 ? 'safe: ' : '      '}${step}`);
  }
}
