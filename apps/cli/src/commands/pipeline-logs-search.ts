import type { FoundLine } from '@millrace/api';
import { command } from '../framework/command.ts';
import { integer, parsed, withDefault } from '../framework/option.ts';
import { counted } from '../framework/table.ts';
import { filterOptions, filtersOf } from '../logs/filter-options.ts';
import { lineText } from '../logs/line-text.ts';
import { isoMoment, momentForms } from '../records/moment.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const logsSearch = command({
  name: 'pipeline logs search',
  summary: 'Find lines of logs by time, label, severity, template and words',
  description:
    'Prints the newest lines that have all WORDS, oldest of them first. Words are whole and of any case; ' +
    '"several words" stand together, and fail* begins so.',
  operands: [{ name: 'WORD', help: 'What lines must have', optional: true, many: true }],
  options: {
    from: parsed({ placeholder: 'TIME', help: `Lines since then: ${momentForms}` }, isoMoment),
    until: parsed({ placeholder: 'TIME', help: 'Lines until then' }, isoMoment),
    limit: withDefault(integer({ placeholder: 'N', help: 'How many lines at most' }, { min: 1, max: 1_000_000 }), 100),
    ...filterOptions,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace logs search timeout --from 1h --level warn', does: 'Warnings and worse of the last hour' },
    { command: 'millrace logs search --label service=shop --limit 1000 --json', does: 'For a script' },
  ],
  async run({ options, operands, terminal }) {
    const { searchLinesContract } = await import('@millrace/api');
    const { from, until, limit } = options;
    const filters = filtersOf(options, operands);
    const found: FoundLine[] = [];
    const page = (cursor: string | undefined) => {
      const query = { ...filters, from, until, cursor, limit: Math.min(1_000, limit - found.length) };
      return callServer(options, searchLinesContract, { query }, terminal);
    };
    let answer = await page(undefined);
    found.push(...answer.lines);
    while (answer.next !== null && found.length < limit) {
      answer = await page(answer.next);
      found.push(...answer.lines);
    }
    for (const [index, line] of found.toReversed().entries()) {
      if (terminal.json) terminal.output.json(line);
      else terminal.output.line(lineText(line));
      if (index % 1_000 === 999) await terminal.output.flush();
    }
    if (!answer.complete) terminal.note('Lines that came before this platform started are still being stored.');
    const more = answer.next === null ? '' : '; there are older ones';
    if (!terminal.json) terminal.note(`${counted(found.length, 'line')}${more}.`);
    return undefined;
  },
});
