/** Help texts, made of what commands declare. Lines stay within 80 columns where words allow. */
import type { Command, Operand } from './command.ts';
import { type Option, optionName } from './option.ts';
import { everyCommandsOptions } from './parse-arguments.ts';

const WIDTH = 80;

/** A name and what is said of it. */
export type HelpRow = readonly [name: string, text: string];

export function commandHelp(command: Command): string {
  const rows = Object.entries({ ...command.options, ...everyCommandsOptions }).map(optionRow);
  return [
    `${command.summary}.\n`,
    `Usage: millrace ${[command.name, ...command.operands.map(operandUsage), '[options]'].join(' ')}\n`,
    ...(command.description === undefined ? [] : [`${wrapParagraphs(command.description)}\n`]),
    ...section(
      'Arguments',
      command.operands.map(({ name, help }): HelpRow => [name, help]),
    ),
    ...section('Options', rows),
    ...(command.examples.length === 0 ? [] : ['Examples:']),
    ...command.examples.map((example) => `  # ${example.does}\n  ${example.command}\n`),
  ].join('\n');
}

/** A titled list of names and texts; nothing when it is empty. */
export function section(title: string, rows: readonly HelpRow[]): string[] {
  if (rows.length === 0) return [];
  return [`${title}:`, ...layOut(rows), ''];
}

function operandUsage({ name, optional, many }: Operand): string {
  const shown = many === true ? `${name}...` : name;
  return optional === true ? `[${shown}]` : shown;
}

function optionRow([key, option]: [string, Option<unknown>]): HelpRow {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  const value = option.placeholder === undefined ? '' : ` ${option.placeholder}`;
  const fallback = option.shownDefault === undefined ? '' : ` (default: ${option.shownDefault})`;
  const repeated = option.kind === 'many' ? '; may be given more than once' : '';
  return [`${short}--${optionName(key)}${value}`, `${option.help}${repeated}${fallback}`];
}

function layOut(rows: readonly HelpRow[]): string[] {
  const widest = Math.min(30, Math.max(...rows.map(([name]) => name.length)));
  const indent = ' '.repeat(widest + 4);
  return rows.flatMap(([name, text]) => {
    const lines = wrap(text, WIDTH - indent.length);
    const first = `  ${name.padEnd(widest)}  `;
    if (name.length > widest) return [`  ${name}`, ...lines.map((line) => indent + line)];
    return lines.map((line, index) => (index === 0 ? first : indent) + line);
  });
}

/** Wraps each paragraph; one whose lines begin with spaces is left as it is. */
function wrapParagraphs(text: string): string {
  const paragraphs = text.trim().split(/\n\n+/);
  return paragraphs.map((part) => (part.startsWith(' ') ? part : wrap(part, WIDTH).join('\n'))).join('\n\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines;
}
