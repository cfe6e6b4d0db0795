import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, table } from './table.ts';

interface Row {
  readonly name: string;
  readonly size: number | null;
}
const rows: Row[] = [
  { name: 'orders', size: 1234567 },
  { name: 'a-much-longer-name', size: null },
];
const columns = [
  { title: 'NAME', cell: (row: Row) => row.name, shrinks: true as const },
  { title: 'SIZE', cell: (row: Row) => row.size },
];

test('aligns text to the left and numbers to the right', () => {
  assert.deepEqual(table(rows, columns, undefined), [
    'NAME                     SIZE',
    'orders              1,234,567',
    'a-much-longer-name          -',
  ]);
});

test('fits the terminal', () => {
  const lines = table(rows, columns, 21);
  assert.deepEqual(lines, ['NAME             SIZE', 'orders      1,234,567', 'a-much-lo…          -']);
});

test('lets no control character through', () => {
  const [, line] = table([{ name: 'a\u001b[2Jb\nc', size: 1 }], columns, undefined);
  assert.equal(line, 'a\\x1b[2Jb\\x0ac     1');
});

test('counts in words', () => {
  assert.deepEqual(
    [counted(1, 'record'), counted(0, 'record'), counted(1234, 'entry', 'entries')],
    ['1 record', '0 records', '1,234 entries'],
  );
});
