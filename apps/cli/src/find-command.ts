/** From the first words of a command line to a command in the catalog, or to the help that they ask for. */
import { nearest } from '@millrace/base';
import type { CatalogCommand, CatalogEntry, CatalogGroup } from './catalog.ts';
import { type HelpRow, section } from './framework/help.ts';
import { UsageError } from './framework/usage-error.ts';

/** A command with the words that are its own, or a help text. */
export type Found = { readonly command: CatalogCommand; readonly words: readonly string[] } | { readonly help: string };

/** @throws UsageError when the words name no command. */
export function findCommand(catalog: readonly CatalogEntry[], given: readonly string[]): Found {
  const [first, ...rest] = given[0] === 'help' ? helpLast(given.slice(1)) : given;
  if (first === undefined || first === '--help' || first === '-h') return { help: overview(catalog) };
  if (first === '--version') return findCommand(catalog, ['version', ...rest]);
  const entry = named(catalog, first, 'millrace');
  if ('load' in entry) return { command: entry, words: rest };
  const [second, ...words] = rest;
  if (second === undefined) {
    const names = entry.commands.map(({ name }) => name).join(', ');
    throw new UsageError(`what to do with a ${entry.name} is missing: one of ${names}`, {
      hint: `See \`millrace ${entry.name} --help\`.`,
    });
  }
  if (second === '--help' || second === '-h') return { help: groupHelp(entry) };
  const isNamed = entry.commands.some(({ name }) => name === second);
  if (!isNamed && entry.otherwise !== undefined) return { command: entry.otherwise, words: rest };
  return { command: named(entry.commands, second, `millrace ${entry.name}`), words };
}

/** `help topic create` is `topic create --help`. */
function helpLast(words: readonly string[]): readonly string[] {
  return [...words.filter((word) => !word.startsWith('-')), '--help'];
}

function named<E extends CatalogEntry>(entries: readonly E[], given: string, before: string): E {
  const entry = entries.find(({ name }) => name === given);
  if (entry !== undefined) return entry;
  const hint = `See \`${before} --help\`.`;
  if (given.startsWith('-'))
    throw new UsageError(`the command comes before its options, and ${given} came first`, { hint });
  const meant = nearest(
    given,
    entries.map(({ name }) => name),
  );
  const question = meant === undefined ? '' : `; did you mean \`${before} ${meant}\`?`;
  throw new UsageError(`unknown command \`${before} ${given}\`${question}`, { hint });
}

function overview(catalog: readonly CatalogEntry[]): string {
  return [
    'Millrace runs a fleet of Kafka clusters as one streaming data platform.\n',
    'Usage: millrace COMMAND [arguments] [options]\n',
    ...section('Commands', catalog.map(row)),
    'Start with `millrace up`, then look at `millrace topic list`.',
    '`millrace COMMAND --help` tells more, with examples.\n',
  ].join('\n');
}

function groupHelp(group: CatalogGroup): string {
  return [
    `${group.summary}.\n`,
    `Usage: millrace ${group.name} COMMAND [arguments] [options]\n`,
    ...section('Commands', [...(group.otherwise === undefined ? [] : [group.otherwise]), ...group.commands].map(row)),
    `\`millrace ${group.name} COMMAND --help\` tells more, with examples.\n`,
  ].join('\n');
}

function row({ name, summary }: CatalogEntry): HelpRow {
  return [name, summary];
}
