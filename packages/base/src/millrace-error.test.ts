import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionFailure, unreachable, assert as verify } from './assert.ts';
import { DiskError } from './disk.ts';
import { isMillraceError, MillraceError, messageOf } from './millrace-error.ts';

class TornPageError extends MillraceError {
  readonly code = 'torn_page';
}

test('an operating failure carries its name, code, cause and hint, and is not retriable unless it says so', () => {
  const cause = new Error('below');
  const error = new TornPageError('a page is torn', { cause, hint: 'restore it' });
  assert.ok(error instanceof Error);
  assert.deepEqual(
    { name: error.name, code: error.code, retriable: error.retriable, hint: error.hint, cause: error.cause },
    { name: 'TornPageError', code: 'torn_page', retriable: false, hint: 'restore it', cause },
  );
  assert.equal('cause' in new TornPageError('alone'), false);
});

test('operating failures are told apart by code', () => {
  const error: unknown = new TornPageError('a page is torn');
  assert.ok(isMillraceError(error));
  assert.ok(isMillraceError(error, 'torn_page'));
  assert.equal(isMillraceError(error, 'disk_full'), false);
  for (const other of [new Error('plain'), null, undefined, 'text', { code: 'torn_page' }]) {
    assert.equal(isMillraceError(other), false);
  }
});

test('a failure of another installed copy of the package is recognised', () => {
  const foreign = Object.assign(new Error('of a copy'), { code: 'torn_page', [Symbol.for('millrace.error')]: true });
  assert.ok(isMillraceError(foreign, 'torn_page'));
});

test('the message of anything thrown is text', () => {
  assert.equal(messageOf(new TornPageError('a page is torn')), 'a page is torn');
  assert.equal(messageOf('thrown text'), 'thrown text');
  assert.equal(messageOf(undefined), 'undefined');
});

test('the sentence of a disk error names the file and what to do', () => {
  const cause = new Error('EIO: i/o error');
  assert.match(new DiskError('disk_full', 'write', '/data/a', cause).message, /full.*write \/data\/a; free some space/);
  assert.match(new DiskError('no_access', 'open', '/data/a', cause).message, /permission to open \/data\/a; check/);
  assert.match(new DiskError('disk_failed', 'sync', '/data/a', cause).message, /could not sync \/data\/a: EIO/);
});

test('a broken invariant is no operating failure', () => {
  verify(true, 'holds');
  assert.throws(
    () => verify(0, 'a count is positive'),
    (error) => error instanceof AssertionFailure && !isMillraceError(error) && error.message === 'a count is positive',
  );
  assert.throws(() => unreachable('square' as never), /square/);
});
