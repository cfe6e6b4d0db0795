import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { messagesOf } from './syslog-listener.ts';
import { lineOfSyslog } from './syslog-message.ts';

const now = Date.UTC(2026, 0, 5);

test('reads RFC 5424 with its structured data', () => {
  const message =
    '<165>1 2003-10-11T22:14:15.003Z host.example evntslog 77 ID47 ' +
    '[a@1 iut="3" eventSource="App\\"x\\]"][b@1 c="d"] An entry';
  assert.deepEqual(lineOfSyslog(message, '10.0.0.9', now), {
    time: Date.UTC(2003, 9, 11, 22, 14, 15, 3),
    received: now,
    severity: 'info',
    body: 'An entry',
    labels: { facility: 'local4', service: 'evntslog', host: 'host.example' },
    attributes: { 'a@1.iut': '3', 'a@1.eventSource': 'App"x]', 'b@1.c': 'd', process: '77', messageId: 'ID47' },
  });
  const bare = lineOfSyslog('<34>1 - - su - - - failed', '10.0.0.9', now);
  assert.deepEqual(
    [bare.time, bare.body, bare.severity, bare.labels],
    [now, 'failed', 'fatal', { facility: 'auth', service: 'su' }],
  );
});

test('reads what RFC 3164 found in use, and what follows nothing', () => {
  const line = lineOfSyslog("<34>Oct 11 22:14:15 mymachine su[7]: 'su root' failed", '10.0.0.9', now);
  assert.equal(new Date(line.time).toISOString(), '2025-10-11T22:14:15.000Z');
  assert.deepEqual(line.labels, { facility: 'auth', host: 'mymachine', service: 'su' });
  assert.equal(line.body.slice(line.message), "'su root' failed");
  assert.deepEqual(lineOfSyslog('no priority', '10.0.0.9', now).labels, { host: '10.0.0.9' });
  assert.equal(lineOfSyslog('<999>x', '10.0.0.9', now).body, '<999>x');
});

test('parts messages by their counts or their line feeds, however they come', () => {
  const message = fc.stringMatching(/^<\d{1,2}>[a-z]{1,20} [a-zä]{0,9}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(message, fc.boolean())), fc.array(fc.nat(30)), (messages, steps) => {
      const bytes = Buffer.concat(
        messages.map(([text, counted]) => Buffer.from(counted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`)),
      );
      const found: string[] = [];
      let left: Buffer = Buffer.alloc(0);
      let at = 0;
      for (const step of [...steps, bytes.length]) {
        const result = messagesOf(Buffer.concat([left, bytes.subarray(at, at + step)]));
        at = Math.min(bytes.length, at + step);
        found.push(...result.messages.map(String));
        left = result.left;
      }
      assert.deepEqual(
        found,
        messages.map(([text]) => text),
      );
      assert.equal(left.length, 0);
    }),
  );
});
