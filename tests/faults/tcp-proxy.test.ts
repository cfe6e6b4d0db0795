import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A connection through a proxy to a server that answers each byte with the same. */
async function start(t: TestContext): Promise<{ proxy: TcpProxy; client: Socket; got: () => string }> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await TcpProxy.start((server.address() as AddressInfo).port);
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  t.after(async () => {
    client.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
    await proxy[Symbol.asyncDispose]();
  });
  const got = (): string => Buffer.concat(chunks).toString();
  client.write('hello');
  await eventually(() => got() === 'hello');
  return { proxy, client, got };
}

/** `once` would reject for the reset. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** How long nothing is to come. */
const silence = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

test('bytes pass both ways, and so does the end of each', async (t) => {
  const { client, got } = await start(t);
  client.end(' world');
  await once(client, 'end');
  assert.equal(got(), 'hello world');
});

test('what is held comes later, complete and in order', async (t) => {
  const { proxy, client, got } = await start(t);
  proxy.hold('down');
  client.write(' a');
  client.write(' b');
  await silence();
  assert.equal(got(), 'hello');
  proxy.heal();
  await eventually(() => got() === 'hello a b');
});

test('what is swallowed never comes, and the connection ends with a reset when things are made good', async (t) => {
  const { proxy, client, got } = await start(t);
  proxy.swallow('up');
  client.write(' lost');
  await silence();
  proxy.heal();
  await closed(client);
  assert.equal(got(), 'hello');
});

test('a cut in mid-stream lets through what came before it', async (t) => {
  const { proxy, client, got } = await start(t);
  proxy.cutAfter(3, 'down');
  client.write(' and more');
  const [error] = await once(client, 'error');
  assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
  assert.ok('hello an'.startsWith(got()), got());
});

test('a half-closed connection still passes bytes the other way', async (t) => {
  const { proxy, client } = await start(t);
  const ended = once(client, 'end');
  proxy.halfClose('down');
  await ended;
  assert.equal(client.writable, true);
  assert.equal(proxy.connections, 1);
});

test('delayed and throttled bytes come complete', async (t) => {
  const { proxy, client, got } = await start(t);
  proxy.delay(50, 'both');
  proxy.throttle(100_000, 'down');
  client.write('x'.repeat(10_000));
  await eventually(() => got().length === 10_005);
});

test('new connections are reset while they are refused', async (t) => {
  const { proxy } = await start(t);
  proxy.refuse();
  const refused = connect(proxy.port, '127.0.0.1');
  refused.on('error', () => undefined);
  await closed(refused);
  proxy.heal();
  const taken = connect(proxy.port, '127.0.0.1');
  taken.write('again');
  const [chunk] = await once(taken, 'data');
  assert.equal(String(chunk), 'again');
  taken.destroy();
});

test('a connection that is cut while it is being half closed is gone on both sides', async (t) => {
  const { proxy, client } = await start(t);
  proxy.halfClose('down');
  proxy.cut();
  // Who has read an end learns of a reset when it writes.
  const writing = setInterval(() => client.write('more'), 10);
  t.after(() => clearInterval(writing));
  await closed(client);
  await eventually(() => proxy.connections === 0);
});
