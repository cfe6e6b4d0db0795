import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from './exit-codes.ts';
import { reportError } from './report-error.ts';
import { UsageError } from './usage-error.ts';

test('a message of others has no control characters on a terminal, and hints stand on a line of their own', () => {
  let told = '';
  const write = (text: string): void => {
    told += text;
  };
  const error = new UsageError('there is no topic \u001b[31mx', { hint: 'See --help.' });
  assert.equal(reportError(error, { json: false, write }), exitCodes.usage);
  assert.equal(told, 'millrace: there is no topic \\x1b[31mx\nSee --help.\n');
});
