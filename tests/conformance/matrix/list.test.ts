/** What must hold for the list of behaviours as a whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis } from '@millrace/wire';
import { behaviours } from '../behaviours/index.ts';
import { ListedDifference } from './behaviour.ts';
import { listedRows } from './differences-page.ts';
import { clientsOf, selectCells } from './selection.ts';

test('names are unique, and each behaviour is tried with a client', () => {
  const names = behaviours.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
  assert.deepEqual(
    behaviours.filter((behaviour) => clientsOf(behaviour).length === 0).map(({ name }) => name),
    [],
  );
});

test('every API that the broker offers is tried with our client', () => {
  const tried = new Set(
    behaviours.filter(({ by }) => by.millrace !== undefined).flatMap((behaviour) => behaviour.apis),
  );
  assert.deepEqual(
    apis.map(({ name }) => name).filter((name) => !tried.has(name)),
    [],
  );
});

test('what differs is listed in DIFFERENCES.md, and differs', () => {
  const rows = listedRows();
  for (const { name, shows } of behaviours) {
    if (!(shows instanceof ListedDifference)) continue;
    assert.ok(rows.has(shows.row), `'${name}' names a row that DIFFERENCES.md lacks: ${shows.row}`);
    assert.notDeepEqual(shows.shows.embedded, shows.shows.kafka, `'${name}' shows no difference`);
  }
});

test('on Apache Kafka a foreign client tries each API once, unless all is asked for', () => {
  const nothing = async (): Promise<null> => null;
  const by = { millrace: nothing, kcat: nothing };
  const list = [
    { name: 'first', apis: ['Produce', 'Fetch'], shows: null, by },
    { name: 'second', apis: ['Fetch'], shows: null, by },
    { name: 'third', apis: ['Fetch', 'Metadata'], shows: null, by },
    { name: 'elsewhere', apis: ['Fetch'], shows: null, by, profile: 'moves' },
  ] as const;
  const select = (kind: 'embedded' | 'kafka', full: boolean): string[] =>
    selectCells(list, { kind, profile: 'open', full }).map(({ behaviour, client }) => `${behaviour.name} ${client}`);
  const all = ['first', 'second', 'third'].flatMap((name) => [`${name} millrace`, `${name} kcat`]);
  assert.deepEqual(select('embedded', false), all);
  assert.deepEqual(select('kafka', true), all);
  assert.deepEqual(
    select('kafka', false),
    all.filter((cell) => cell !== 'second kcat'),
  );
});
