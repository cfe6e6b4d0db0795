import { stat } from 'node:fs/promises';
import { MillraceError } from '@millrace/base';
import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { Progress } from '../framework/progress.ts';
import { type Column, count, counted, table } from '../framework/table.ts';
import { UsageError } from '../framework/usage-error.ts';

const columns: readonly Column<{ readonly count: number; readonly text: string }>[] = [
  { title: 'LINES', cell: (row) => row.count },
  { title: 'TEMPLATE', cell: (row) => row.text, shrinks: true },
];

class UnreadableFileError extends MillraceError {
  readonly code = 'unreadable_file';

  constructor(file: string, cause: NodeJS.ErrnoException) {
    super(`${file} can't be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.message}`, { cause });
  }
}

export const logsTemplates = command({
  name: 'pipeline logs templates',
  summary: 'Show the shapes of the lines of a file',
  description:
    'Mines the lines of FILE (plain or .gz, - for stdin) here, without a server and without being told what wrote ' +
    'them. With --json it prints a line for each line of the file: {"line", "templateId", "text"}, text being the ' +
    "template's, with <*> where lines differ. With --shapes, or on a terminal, it prints a line for each template.",
  operands: [{ name: 'FILE', help: 'The file whose lines to mine; - for stdin' }],
  options: {
    shapes: flag({ help: 'A line for each template, those of most lines first' }),
  },
  examples: [
    { command: 'millrace logs templates app.log', does: 'The shapes of a log, most frequent first' },
    { command: 'millrace logs templates app.log --json', does: 'The template of every line, for a script' },
  ],
  async run({ options, operands, terminal }) {
    const [file] = operands as [string];
    const { mineLines, readFileLines, readLines } = await import('@millrace/pipelines');
    const isStdin = file === '-';
    if (isStdin && process.stdin.isTTY === true) throw new UsageError('stdin is a terminal: pipe the lines in');
    const progress = new Progress(terminal, { label: `mining ${file}`, unit: 'lines' });
    const { signal, output } = terminal;
    const mined = await readable(file, async () => {
      const writtenMs = isStdin ? Date.now() : (await stat(file)).mtimeMs;
      const chunks = isStdin ? readLines(process.stdin, signal) : readFileLines(file, signal);
      return mineLines(chunks, writtenMs, (lines) => progress.update(lines));
    }).finally(() => progress.end());
    if (terminal.json && !options.shapes) {
      for (const [index, template] of mined.templates.entries()) {
        output.json({ line: index + 1, templateId: template.id, text: template.text });
        if (index % 1_000 === 999) await output.flush();
      }
      return undefined;
    }
    if (terminal.json) {
      for (const { id, text, count: lines, firstSeenMs, lastSeenMs } of mined.shapes) {
        output.json({ templateId: id, text, count: lines, firstSeen: time(firstSeenMs), lastSeen: time(lastSeenMs) });
      }
      return undefined;
    }
    for (const line of table(mined.shapes, columns, output.columns)) output.line(line);
    terminal.note(`${count(mined.templates.length)} lines, ${counted(mined.shapes.length, 'template')}.`);
    return undefined;
  },
});

function time(ms: number): string {
  return new Date(ms).toISOString();
}

async function readable<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^(?:E[A-Z]+|Z_[A-Z_]+)$/.test(code)) throw error;
    throw new UnreadableFileError(file, error as NodeJS.ErrnoException);
  }
}
