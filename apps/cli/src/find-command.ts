/** From the first words of a command line to a command in the catalog, or to the help that they ask for. */
import { nearest } from '@millrace/base';
import { type CatalogCommand, type CatalogEntry, type CatalogGroup, shortcuts } from './catalog.ts';
import { type HelpRow, section } from './framework/help.ts';
import { UsageError } from './framework/usage-error.ts';

/** A command with the words that are its own, or a help text. */
export type Found = { readonly command: CatalogCommand; readonly words: readonly string[] } | { readonly help: string };

/** @throws UsageError when the words name no command. */
export function findCommand(catalog: readonly CatalogEntry[], given: readonly string[]): Found {
  const [first, ...rest] = given[0] === 'help' ? helpLast(given.slice(1)) : given;
  if (first === undefined || first === '--help' || first === '-h') return { help: overview(catalog) };
  if (first === '--version') return findCommand(catalog, ['version', ...rest]);
  const [start, ...more] = [...(shortcuts.get(first) ?? [first]), ...rest] as [string, ...string[]];
  const entry = named(catalog, start, 'millrace');
  return 'load' in entry ? { command: entry, words: more } : findInGroup(entry, more, `millrace ${entry.name}`);
}

/** `path` is what leads to the group: `millrace topic`. */
function findInGroup(group: CatalogGroup, given: readonly string[], path: string): Found {
  const [first, ...words] = given;
  if (first === undefined) {
    const names = group.commands.map(({ name }) => name).join(', ');
    throw new UsageError(`what to do with a ${group.name} is missing: one of ${names}`, {
      hint: `See \`${path} --help\`.`,
    });
  }
  if (first === '--help' || first === '-h') return { help: groupHelp(group, path) };
  const isNamed = group.commands.some(({ name }) => name === first);
  if (!isNamed && group.otherwise !== undefined) return { command: group.otherwise, words: given };
  const entry = named(group.commands, first, path);
  return 'load' in entry ? { command: entry, words } : findInGroup(entry, words, `${path} ${entry.name}`);
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

function groupHelp(group: CatalogGroup, path: string): string {
  return [
    `${group.summary}.\n`,
    `Usage: ${path} COMMAND [arguments] [options]\n`,
    ...section('Commands', [...(group.otherwise === undefined ? [] : [group.otherwise]), ...group.commands].map(row)),
    `\`${path} COMMAND --help\` tells more, with examples.\n`,
  ].join('\n');
}

function row({ name, summary }: CatalogEntry): HelpRow {
  return [name, summary];
}
