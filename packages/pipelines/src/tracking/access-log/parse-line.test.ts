import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LogLine, parseLine } from './parse-line.ts';

const runs = { numRuns: Math.ceil(1_000 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)) };

const plain =
  '203.0.113.9 - frank [17/May/2015:10:05:03 +0200] "GET /a?b=c HTTP/1.1" 200 2326 "http://x/y" "Mozilla/5.0 (X; Y)"';

function parsed(line: string): LogLine {
  const result = parseLine(line);
  assert.ok(!('malformed' in result), `${'malformed' in result && result.malformed}: ${line}`);
  return result;
}

function reason(line: string): string {
  const result = parseLine(line);
  assert.ok('malformed' in result, line);
  return result.malformed;
}

test('a plain line gives all its fields', () => {
  assert.deepEqual(parsed(plain), {
    host: '203.0.113.9',
    user: 'frank',
    at: Date.parse('2015-05-17T08:05:03Z'),
    method: 'GET',
    target: '/a?b=c',
    protocol: 'HTTP/1.1',
    status: 200,
    bytes: 2326,
    referrer: 'http://x/y',
    userAgent: 'Mozilla/5.0 (X; Y)',
  });
});

test('dashes are absent fields', () => {
  const line = parsed('::1 - - [01/Jan/2026:00:00:00 -0130] "-" 408 - "-" "-"');
  assert.deepEqual(line, {
    host: '::1',
    user: undefined,
    at: Date.parse('2026-01-01T01:30:00Z'),
    method: undefined,
    target: undefined,
    protocol: undefined,
    status: 408,
    bytes: undefined,
    referrer: undefined,
    userAgent: undefined,
  });
});

test('escaped quotes, backslashes and bytes are read as what they stand for', () => {
  const line = parsed(
    String.raw`h - a b [01/Jan/2026:00:00:00 +0000] "GET /\"q\\ HTTP/1.1" 200 1 "\xc3\xa9\x" "x\x22 \"y\" \t"`,
  );
  assert.equal(line.user, 'a b');
  assert.equal(line.target, '/"q\\');
  assert.equal(line.referrer, 'éx');
  assert.equal(line.userAgent, 'x" "y" \t');
});

test('a request that is no HTTP leaves its parts out, and the line stands', () => {
  for (const request of [String.raw`\x16\x03\x01`, 'GET', '', 'get / HTTP/1.1', ' / HTTP/1.1']) {
    const line = parsed(`h - - [01/Jan/2026:00:00:00 +0000] "${request}" 400 0 "-" "-"`);
    assert.equal(line.method, undefined, request);
    assert.equal(line.status, 400);
  }
  const old = parsed('h - - [01/Jan/2026:00:00:00 +0000] "GET /with space" 200 0 "-" "-"');
  assert.deepEqual([old.method, old.target, old.protocol], ['GET', '/with space', undefined]);
});

test('fields that a server appends are let be', () => {
  assert.equal(parsed(`${plain} "10.0.0.1" 0.003`).userAgent, 'Mozilla/5.0 (X; Y)');
});

test('every truncation of a line is malformed, and says where it ends', () => {
  for (let length = 0; length < plain.length; length++) assert.ok(reason(plain.slice(0, length)), String(length));
  assert.equal(reason(plain.slice(0, -1)), 'its user agent has no closing quote');
  assert.equal(reason(plain.slice(0, 70)), 'no status, size and quoted referrer follow the request');
});

test('times that do not exist are malformed, a leap second is not', () => {
  const at = (time: string): string => `h - - [${time}] "GET / HTTP/1.1" 200 0 "-" "-"`;
  for (const time of [
    '31/Feb/2026:00:00:00 +0000',
    '01/Foo/2026:00:00:00 +0000',
    '01/Jan/2026:24:00:00 +0000',
    '01/Jan/2026:00:60:00 +0000',
    '01/Jan/2026:00:00:61 +0000',
    '01/Jan/2026:00:00:00',
    '31/Dec/9999:23:59:59 -0001',
    '2026-01-01T00:00:00Z',
  ]) {
    assert.match(reason(at(time)), /its time .* is none like/, time);
  }
  assert.equal(parsed(at('31/Dec/2016:23:59:60 +0000')).at, Date.parse('2016-12-31T23:59:59Z'));
});

test('lines of other formats are malformed', () => {
  for (const line of [
    '',
    '{"remote_addr":"203.0.113.9","status":200}',
    '203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 2326',
    '<?xml version="1.0"?>',
    '\u0000'.repeat(100),
  ]) {
    assert.ok(reason(line));
  }
});

test('a line made of fields gives those fields back', () => {
  const escaped = (text: string): string => text.replaceAll(/[\\"]/g, String.raw`\$&`);
  const field = fc.string({ minLength: 1, maxLength: 80 }).filter((text) => text !== '-');
  const target = fc.string({ minLength: 1, maxLength: 80 }).map((text) => `/${text.trim()}`);
  fc.assert(
    fc.property(
      field.map((text) => text.replaceAll(' ', '_')),
      fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2099, 0, 1) }).map((at) => at - (at % 1_000)),
      fc.constantFrom('GET', 'HEAD', 'POST'),
      target,
      fc.integer({ min: 100, max: 599 }),
      fc.option(fc.nat(), { nil: undefined }),
      fc.option(field, { nil: undefined }),
      fc.option(field, { nil: undefined }),
      (host, at, method, path, status, bytes, referrer, userAgent) => {
        const [, day, month, year, time] = /, (\d\d) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
        const line =
          `${host} - - [${day}/${month}/${year}:${time} +0000] "${method} ${escaped(path)} HTTP/1.1" ` +
          `${status} ${bytes ?? '-'} "${escaped(referrer ?? '-')}" "${escaped(userAgent ?? '-')}"`;
        const protocol = 'HTTP/1.1';
        const expected = {
          host,
          user: undefined,
          at,
          method,
          target: path,
          protocol,
          status,
          bytes,
          referrer,
          userAgent,
        };
        assert.deepEqual(parsed(line), expected);
      },
    ),
    runs,
  );
});

test('hostile text never throws, and a long line takes linear time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat(plain.length), (text, at) => {
      parseLine(text);
      parseLine(plain.slice(0, at) + text + plain.slice(at));
    }),
    runs,
  );
  const started = performance.now();
  for (const part of ['"', '\\', ' ', '[', '] "', '\\x41', 'A ', ' HTTP/1.1']) {
    parseLine(part.repeat(64 * 1024));
    parseLine(`h - - [01/Jan/2026:00:00:00 +0000] "GET /${part.repeat(10_000)}`);
    parseLine(`h - - [01/Jan/2026:00:00:00 +0000] "GET /${part.replaceAll('"', '').repeat(10_000)}" 200 1 "-" "-"`);
  }
  assert.ok(performance.now() - started < 20_000);
});
