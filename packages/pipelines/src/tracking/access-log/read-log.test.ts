import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isMillraceError } from '@millrace/base';
import type { TrackingEvent } from '../event.ts';
import { openLog, siteOfFile } from './open-log.ts';
import { type LogSummary, readLog } from './read-log.ts';
import { VisitorNames } from './visitor-names.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-log-'));
after(() => rm(folder, { recursive: true }));

function line(number: number): string {
  const minute = String(number % 60).padStart(2, '0');
  const time = `17/May/2015:10:${minute}:03 +0000`;
  return `203.0.113.${number % 250} - - [${time}] "GET /${number} HTTP/1.1" 200 1 "-" "Mozilla/5.0"`;
}
const whole = `${Array.from({ length: 3_000 }, (_, number) => line(number)).join('\n')}\n`;

async function read(
  content: string | Buffer,
  signal?: AbortSignal,
): Promise<{ summary: LogSummary; events: TrackingEvent[] }> {
  const file = join(folder, 'access.log');
  await writeFile(file, content);
  await using log = await openLog(file);
  const events: TrackingEvent[] = [];
  const origin = { site: 's', visitorNames: new VisitorNames(Buffer.from('k')), receivedAt: 0 };
  const handler = { onEvent: (event: TrackingEvent) => void events.push(event), onChunk: async () => undefined };
  const summary = await readLog(log, origin, handler, signal);
  return { summary, events };
}

const fails = async (content: string | Buffer, code: string, sentence: RegExp): Promise<void> =>
  assert.rejects(read(content), (error) => {
    assert.ok(isMillraceError(error, code), String(error));
    assert.match(error.message, sentence);
    return true;
  });

test('a gzip log gives the events of the plain one', async () => {
  const plain = await read(whole);
  assert.equal(plain.events.length, 3_000);
  assert.deepEqual(plain.summary, { lines: 3_000, malformed: 0, firstMalformed: [], cut: undefined });
  assert.deepEqual((await read(gzipSync(whole))).events, plain.events);
});

test('malformed lines are counted and named by number, and the others are read', async () => {
  const lines = [line(0), 'nonsense', '', line(1).slice(0, 50), line(2), 'x'.repeat(70_000), line(3)];
  const { summary, events } = await read(`${lines.join('\n')}\n`);
  assert.equal(events.length, 3);
  assert.equal(summary.lines, 6);
  assert.equal(summary.malformed, 3);
  assert.deepEqual(
    summary.firstMalformed.map((each) => each.line),
    [2, 4, 6],
  );
  assert.equal(summary.cut, undefined);
});

test('equal lines are events of their own', async () => {
  const { events } = await read(`${line(0)}\n${line(0)}\n`);
  assert.equal(new Set(events.map((event) => event.messageId)).size, 2);
});

test('a log that was cut in the middle of a line says where, and gives all that is whole', async () => {
  const bytes = Buffer.from(whole);
  const { summary, events } = await read(bytes.subarray(0, bytes.length - 5));
  assert.equal(events.length, 2_999);
  const told = { lines: 2_999, malformed: 0, firstMalformed: [], cut: 'it ends in the middle of line 3000' };
  assert.deepEqual(summary, told, 'the cut line is not also malformed');
  assert.equal((await read(bytes.subarray(0, -1))).summary.cut, undefined, 'only the line end is missing');
});

test('a gzip log that was cut or damaged says after which line, and gives all that could be read', async () => {
  const bytes = gzipSync(whole);
  const cut = await read(bytes.subarray(0, bytes.length - 100));
  assert.match(cut.summary.cut ?? '', /^its gzip data is cut or damaged after line \d+$/);
  assert.ok(cut.events.length > 1_000 && cut.events.length < 3_000);
  const damaged = Buffer.from(bytes);
  damaged.fill(0xff, bytes.length - 200, bytes.length - 100);
  assert.match((await read(damaged)).summary.cut ?? '', /cut or damaged/);
});

test('what is no access log is refused before anything is used', async () => {
  await fails('', 'log_empty', /access\.log is empty; there is nothing to import/);
  await fails('\n\n', 'not_an_access_log', /it has no lines/);
  await fails(
    '{"a":1}\n',
    'not_an_access_log',
    /is no access log in the combined format \(line 1: .*\); nothing was imported/,
  );
  await fails('a,b,c\n'.repeat(5_000) + whole, 'not_an_access_log', /line 1/);
  await fails(Buffer.alloc(3 * 2 ** 20), 'not_an_access_log', /longer than 64 KiB/);
  await fails(Buffer.from([0x1f, 0x8b, 1, 2, 3]), 'not_an_access_log', /it has no lines/);
});

test('a file that is not there, and a folder, are named', async () => {
  for (const [file, sentence] of [
    [join(folder, 'nothing.log'), /there is no file .*nothing\.log; check its name/],
    [folder, /is a folder; name the log file in it/],
  ] as const) {
    await assert.rejects(
      openLog(file),
      (error) => isMillraceError(error, 'log_unreadable') && sentence.test(error.message),
    );
  }
});

test('reading stops when it is told to', async () => {
  await assert.rejects(read(whole, AbortSignal.abort(new Error('stop'))), /stop/);
});

test('rotated files of one log are one site', () => {
  for (const file of [
    'access.log',
    'access.log.1',
    '/var/log/access.log.12.gz',
    'access.log-20260131.gz',
    'access-2026-01-31.log',
  ]) {
    assert.equal(siteOfFile(file), 'access', file);
  }
  assert.equal(siteOfFile('shop.example.com_combined.log'), 'shop.example.com_combined');
  assert.equal(siteOfFile('2026.log'), '2026');
  assert.equal(siteOfFile('.log'), '.log');
});
