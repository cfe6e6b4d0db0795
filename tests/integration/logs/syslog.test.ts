/** Syslog from sockets to stored lines: both forms, both transports, both framings, and what hostile senders do. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '@millrace/client';
import { ensureLogTopics, LineIntake, type LogLine, logLines, SyslogListener } from '@millrace/pipelines';
import { startFixture, until } from '../client/client-fixture.ts';

async function storedLines(client: Client): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const how = { from: 'earliest', until: 'end', isolation: 'read_committed' } as const;
  await using consumer = client.consumer({ topics: [logLines], ...how });
  for await (const batch of consumer) for (const { value } of batch) lines.push(value);
  return lines;
}

async function startListener(t: TestContext) {
  const { client, admin } = await startFixture(t);
  await ensureLogTopics(admin);
  const intake = new LineIntake({ client, name: 'syslog', deliveryTimeoutMs: 60_000 });
  t.after(() => intake.close());
  const listener = await SyslogListener.start({ intake, port: 0 });
  t.after(() => listener[Symbol.asyncDispose]());
  const stored = async (count: number): Promise<LogLine[]> => {
    await until(async () => (await storedLines(client)).length >= count, 30_000);
    return storedLines(client);
  };
  const sendTcp = async (...parts: readonly (string | Buffer)[]): Promise<void> => {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    for (const part of parts) {
      socket.write(part);
      await sleep(5);
    }
    socket.end();
    await once(socket, 'close');
  };
  return { listener, intake, client, stored, sendTcp };
}

const structured = '<165>1 2003-10-11T22:14:15.003Z host.example evntslog - ID47 [a@1 iut="3"] An entry';
const traditional = "<34>Oct 11 22:14:15 mymachine su[7]: 'su root' failed";

test('messages come over TCP by lines and by counts, and over UDP, in both forms', async (t) => {
  const { listener, stored, sendTcp } = await startListener(t);
  await sendTcp(`${structured}\n${traditional.slice(0, 20)}`, `${traditional.slice(20)}\r\nwithout a priority`);
  await sendTcp(
    `${structured.length} ${structured}${traditional.length} ${traditional.slice(0, 9)}`,
    traditional.slice(9),
  );
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  for (const message of [structured, `${traditional}\n`]) socket.send(message, listener.port, '127.0.0.1');
  const lines = await stored(7);
  const of = (part: string): LogLine[] => lines.filter(({ body }) => body.includes(part));
  assert.deepEqual([of('An entry').length, of("'su root' failed").length, of('without a priority').length], [3, 3, 1]);
  for (const { labels, severity, attributes } of of('An entry')) {
    assert.deepEqual(labels, { facility: 'local4', service: 'evntslog', host: 'host.example' });
    assert.deepEqual([severity, attributes?.['a@1.iut']], ['info', '3']);
  }
  for (const { labels } of of("'su root' failed")) {
    assert.deepEqual(labels, { facility: 'auth', host: 'mymachine', service: 'su' });
  }
  assert.equal(listener.lost, 0);
});

test('the lines of a stack trace are one record, whether each is a message or they have no header', async (t) => {
  const { listener, stored, sendTcp } = await startListener(t);
  const header = '<11>1 2026-01-05T10:00:00Z a shop - - -';
  const other = '<14>1 2026-01-05T10:00:00Z a cart - - - meanwhile';
  await sendTcp(
    `${header} it broke\n${other}\n${header}   at pay (pay.js:1)\n`,
    `${header} Caused by: nothing\n${header} next\n`,
  );
  await sendTcp(
    '<11>Jan  5 10:00:00 b till[1]: it broke\n\tat first\n',
    '\tat second\n<11>Jan  5 10:00:01 b till[1]: next\n',
  );
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  for (const line of ['it broke', '\tat only'])
    socket.send(`<11>Jan  5 10:00:00 c till: ${line}`, listener.port, '127.0.0.1');
  const lines = await stored(6);
  assert.deepEqual(
    lines.map(({ body }) => body).toSorted(),
    [
      'Jan  5 10:00:00 b till[1]: it broke\n\tat first\n\tat second',
      'Jan  5 10:00:00 c till: it broke\n\tat only',
      'Jan  5 10:00:01 b till[1]: next',
      'it broke\n  at pay (pay.js:1)\nCaused by: nothing',
      'meanwhile',
      'next',
    ].toSorted(),
  );
});

test('hostile senders cost nobody else a line', async (t) => {
  const { stored, sendTcp, listener, intake } = await startListener(t);
  const waiting = connect(listener.port, '127.0.0.1');
  waiting.on('error', () => undefined);
  waiting.write('999999 begun and never ended');
  await Promise.all([
    sendTcp(Buffer.alloc(300_000, 0x61)),
    sendTcp(Buffer.from(Array.from({ length: 4_096 }, (_, n) => (n * 7_919) % 256))),
    sendTcp('<999>1 x\n<1', '\n\n\0\0\n', '1 '.repeat(20_000)),
    sendTcp(`<11>1 - - - - - [${'a '.repeat(30_000)}\n`),
    sendTcp('a\n'.repeat(20_000), ' '),
    sendTcp('<14>1 - honest shop - - - good\n'),
  ]);
  waiting.destroy();
  const lines = await stored(1);
  await until(async () => (await stored(1)).some(({ body }) => body === 'good'), 30_000);
  assert.ok(lines.every(({ body }) => body.length <= 300_000));
  await listener[Symbol.asyncDispose]();
  await intake.close();
});

test('a sender over TCP is read no further while the brokers are away, and loses nothing', async (t) => {
  const { restart, stop, bootstrap } = await startFixture(t);
  const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 100 });
  t.after(() => client.close());
  const intake = new LineIntake({ client, name: 'syslog', deliveryTimeoutMs: 600_000 });
  t.after(() => intake.close());
  const listener = await SyslogListener.start({ intake, port: 0 });
  t.after(() => listener[Symbol.asyncDispose]());
  await stop();
  const socket = connect(listener.port, '127.0.0.1');
  t.after(() => socket.destroy());
  let sent = 0;
  const fill = 'x'.repeat(4_000);
  // The system has room for some megabytes; then the sender has to wait.
  const isFull = (): boolean =>
    !socket.write(`<14>1 - a shop - - - ${sent++} ${fill}\n`) && socket.writableLength > 1_000_000;
  for (let begun = performance.now(); !isFull() && performance.now() - begun < 20_000; )
    if (sent % 50 === 0) await sleep(1);
  assert.ok(socket.writableLength > 1_000_000);
  await restart();
  socket.end();
  await once(socket, 'close');
  const reader = createClient({ bootstrap });
  t.after(() => reader.close());
  const numbers = async (): Promise<number[]> =>
    (await storedLines(reader)).map(({ body }) => Number(body.split(' ')[0]));
  await until(async () => (await numbers()).length >= sent, 30_000);
  assert.deepEqual(
    await numbers(),
    Array.from({ length: sent }, (_, n) => n),
  );
});
