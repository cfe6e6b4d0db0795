import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type List, showList } from './show-list.ts';
import type { Column } from './table.ts';
import type { Terminal } from './terminal.ts';

const columns: readonly Column<string>[] = [{ title: 'NAME', cell: (row) => row }];

async function shown(list: Partial<List<string>>, json = false): Promise<{ printed: string[]; noted: string[] }> {
  const printed: string[] = [];
  const noted: string[] = [];
  const output = {
    flush: async () => undefined,
    line: (line: string) => printed.push(line),
    json: (value: unknown) => printed.push(JSON.stringify(value)),
  };
  const terminal = { json, output, note: (line: string) => noted.push(line) } as unknown as Terminal;
  await showList({ name: 'things', rows: [], columns, none: 'There are no things.', ...list }, terminal);
  return { printed, noted };
}

test('an empty list is a sentence beside the results, and an empty list in JSON', async () => {
  assert.deepEqual(await shown({}), { printed: [], noted: ['There are no things.'] });
  assert.deepEqual(await shown({}, true), { printed: ['{"things":[]}'], noted: [] });
});

test('whoever gets a part of a list is told so', async () => {
  const { printed, noted } = await shown({ rows: ['a'], more: true });
  assert.deepEqual(printed, ['NAME', 'a']);
  assert.match(noted.join(), /--limit/);
  assert.deepEqual((await shown({ rows: ['a'], more: true }, true)).printed, ['{"things":["a"],"more":true}']);
  assert.deepEqual((await shown({ rows: ['a'], more: false })).noted, []);
});
