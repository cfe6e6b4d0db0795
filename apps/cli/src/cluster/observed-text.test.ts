import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, sinceText } from './observed-text.ts';

test('amounts have the step that keeps them short', () => {
  const shown = [0, 999, 1_000, 1_540, 123_456, 2.5e9, 4e18].map((value) => amount(value, 'B'));
  assert.deepEqual(shown, ['0 B', '999 B', '1 kB', '1.5 kB', '123 kB', '2.5 GB', '4000 PB']);
  assert.deepEqual([amount(1_250, '/s'), amount(null, 'B')], ['1.3 k/s', null]);
});

test('ages are in the unit that says enough', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  const ago = (seconds: number): string => sinceText(new Date(now - seconds * 1_000).toISOString(), now);
  assert.deepEqual([0, 119, 300, 7_200, 172_800].map(ago), [
    '0 s ago',
    '119 s ago',
    '5 min ago',
    '2 h ago',
    '2 days ago',
  ]);
  assert.equal(sinceText(null, now), 'never');
});
