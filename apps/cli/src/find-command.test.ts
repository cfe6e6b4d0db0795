import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CatalogCommand, type CatalogEntry, catalog } from './catalog.ts';
import { findCommand } from './find-command.ts';
import { commandHelp } from './framework/help.ts';
import { UsageError } from './framework/usage-error.ts';

function nameOf(words: string[]): string {
  const found = findCommand(catalog, words);
  return 'command' in found ? `${found.command.name} ${found.words.join(' ')}` : 'help';
}

function commandsOf(entries: readonly CatalogEntry[], path: string): (CatalogCommand & { readonly full: string })[] {
  return entries.flatMap((entry) => {
    const full = `${path} ${entry.name}`.trimStart();
    if ('load' in entry) return { ...entry, full };
    const otherwise = entry.otherwise === undefined ? [] : [{ ...entry.otherwise, full }];
    return [...commandsOf(entry.commands, full), ...otherwise];
  });
}

function refuses(words: string[], message: RegExp): void {
  assert.throws(
    () => findCommand(catalog, words),
    (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    },
  );
}

test('finds commands and leaves them their own words', () => {
  assert.equal(nameOf(['status', '--json']), 'status --json');
  assert.equal(nameOf(['topic', 'create', 'orders']), 'create orders');
  assert.equal(nameOf(['--version', '--json']), 'version --json');
  assert.equal(nameOf(['help', 'topic', 'create']), 'create --help');
  assert.equal(nameOf(['pipeline', 'logs', 'templates', 'a.log']), 'templates a.log');
  assert.equal(nameOf(['logs', 'templates', 'a.log']), 'templates a.log');
  assert.equal(nameOf(['config', 'enrol', 'shop']), 'enrol shop');
  assert.equal(nameOf(['config', 'orders', '--app', 'shop']), 'TOPIC orders --app shop');
});

test('answers every way to ask for help', () => {
  for (const words of [[], ['--help'], ['-h'], ['help'], ['topic', '--help'], ['help', 'topic']]) {
    assert.equal(nameOf(words), 'help', words.join(' '));
  }
});

test('says which command may have been meant', () => {
  refuses(['tpoic'], /unknown command `millrace tpoic`; did you mean `millrace topic`\?/);
  refuses(['topic', 'lst'], /did you mean `millrace topic list`\?/);
  refuses(['topic'], /missing: one of list, describe, create, alter, trim, delete/);
  refuses(['logs', 'templats'], /did you mean `millrace pipeline logs templates`\?/);
  refuses(['--json', 'status'], /the command comes before its options/);
});

test('every command is what the catalog says, and its help fits 80 columns', async () => {
  for (const { load, full, summary } of commandsOf(catalog, '')) {
    const command = await load();
    assert.equal(command.name, full);
    assert.equal(command.summary, summary);
    const shorts = Object.values(command.options).flatMap(({ short }) => short ?? []);
    assert.equal(new Set(shorts).size, shorts.length, `${full} has a letter twice`);
    for (const line of commandHelp(command).split('\n')) {
      assert.ok(line.length <= 80 || line.startsWith('  millrace '), `${full}: ${line}`);
    }
  }
});
