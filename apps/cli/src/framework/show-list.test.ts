import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type List, showList } from './show-list.ts';
import type { Column } from './table.ts';
import type { Terminal } from './terminal.ts';

const columns: readonly Column<string>[] = [{ title: 'NAME', cell: (row) => row }];

function shown(list: Partial<List<string>>, json = false): { printed: string[]; noted: string[] } {
  const printed: string[] = [];
  const noted: string[] = [];
  const output = {
    line: (line: string) => printed.push(line),
    json: (value: unknown) => printed.push(JSON.stringify(value)),
  };
  const terminal = { json, output, note: (line: string) => noted.push(line) } as unknown as Terminal;
  showList({ name: 'things', rows: [], columns, none: 'There are no things.', ...list }, terminal);
  return { printed, noted };
}

test('an empty list is a sentence beside the results, and an empty list in JSON', () => {
  assert.deepEqual(shown({}), { printed: [], noted: ['There are no things.'] });
  assert.deepEqual(shown({}, true), { printed: ['{"things":[]}'], noted: [] });
});

test('whoever gets a part of a list is told so', () => {
  const { printed, noted } = shown({ rows: ['a'], more: true });
  assert.deepEqual(printed, ['NAME', 'a']);
  assert.match(noted.join(), /--limit/);
  assert.deepEqual(shown({ rows: ['a'], more: true }, true).printed, ['{"things":["a"],"more":true}']);
  assert.deepEqual(shown({ rows: ['a'], more: false }).noted, []);
});
