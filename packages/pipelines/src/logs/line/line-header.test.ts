import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeader } from './line-header.ts';

const referenceMs = Date.UTC(2005, 10, 23);

function parts(line: string): (string | undefined)[] {
  const { end, timeMs, severity, component } = readHeader(line, referenceMs);
  const time = timeMs === undefined ? undefined : new Date(timeMs).toISOString();
  return [line.slice(end), time, severity, component];
}

test('reads the headers that programs write', () => {
  assert.deepEqual(parts('2015-10-18 18:01:47,978 INFO [main] org.app.Server: Started on 8080'), [
    'Started on 8080',
    '2015-10-18T18:01:47.978Z',
    'info',
    'org.app.Server',
  ]);
  assert.deepEqual(parts('Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; user=root'), [
    'authentication failure; user=root',
    '2005-06-14T15:16:01.000Z',
    undefined,
    'sshd(pam_unix)',
  ]);
  assert.deepEqual(parts('[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6'), [
    'mod_jk child workerEnv in error state 6',
    '2005-12-04T04:47:44.000Z',
    'error',
    undefined,
  ]);
  assert.deepEqual(parts('081109 203615 148 INFO dfs.DataNode$PacketResponder: Received block 1'), [
    'Received block 1',
    '2008-11-09T20:36:15.000Z',
    'info',
    'dfs.DataNode$PacketResponder',
  ]);
  assert.deepEqual(parts('2016-09-28 04:30:31, Info                  CBS    Starting the session'), [
    'Starting the session',
    '2016-09-28T04:30:31.000Z',
    'info',
    'CBS',
  ]);
  assert.deepEqual(parts('2024-05-01T10:00:00.250+02:00 WARN  disk is 91 % full'), [
    'disk is 91 % full',
    '2024-05-01T08:00:00.250Z',
    'warn',
    undefined,
  ]);
  assert.deepEqual(
    parts('- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02-M1 RAS KERNEL INFO cache error'),
    ['cache error', '2005-06-03T15:42:50.675Z', 'info', undefined],
  );
  assert.deepEqual(parts('20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579'), [
    'onStandStepChanged 3579',
    '2017-12-23T22:15:29.606Z',
    undefined,
    'Step_LSC',
  ]);
});

test('a line without a time has no header', () => {
  for (const line of ['Received block 1 of size 2', 'ERROR: no route', 'a b c d e 2015-10-18 10:00:00 f', '', ' - ']) {
    assert.deepEqual(parts(line), [line, undefined, undefined, undefined]);
  }
});

test('what looks like the last of a header is the message when nothing follows', () => {
  assert.deepEqual(parts('1104857875 1 warning')[0], 'warning');
});

test('a time without a year is in the year that is nearest', () => {
  const newYear = Date.UTC(2025, 0, 1, 0, 5);
  assert.equal(readHeader('Dec 31 23:59:59 host app: x', newYear).timeMs, Date.UTC(2024, 11, 31, 23, 59, 59));
});
