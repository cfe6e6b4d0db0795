import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from './millrace-error.ts';
import { ConnectError, ListenError, type Socket } from './network.ts';
import { nodeNetwork } from './node-network.ts';

const host = '127.0.0.1';

/** What a socket told, and its text so far. */
class Recorder {
  text = '';
  drains = 0;
  readonly closed = Promise.withResolvers<Error | undefined>();
  #waiting: (() => void) | undefined;

  constructor(socket: Socket) {
    socket.handle({
      data: (chunk) => {
        this.text += Buffer.from(chunk).toString('latin1');
        this.#waiting?.();
      },
      drained: () => {
        this.drains += 1;
        this.#waiting?.();
      },
      closed: (error) => this.closed.resolve(error),
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}

/** Two ends of a connection, and the listener it came through. */
async function pair(readBuffer?: Uint8Array) {
  const accepted = Promise.withResolvers<{ socket: Socket; recorder: Recorder }>();
  const listener = await nodeNetwork.listen({ host, port: 0, readBuffer }, (socket) =>
    accepted.resolve({ socket, recorder: new Recorder(socket) }),
  );
  const client = await nodeNetwork.connect({ host, port: listener.port, timeoutMs: 5000 });
  const recorder = new Recorder(client);
  return { listener, client: { socket: client, recorder }, server: await accepted.promise };
}

for (const readBuffer of [undefined, new Uint8Array(1024)]) {
  const how = readBuffer === undefined ? '' : ', also where connections share memory to read into';

  test(`bytes arrive in the order of their writing${how}`, async () => {
    const { listener, client, server } = await pair(readBuffer);
    client.socket.write([Buffer.from('one '), Buffer.from('two ')]);
    client.socket.write([Buffer.from('three')]);
    await server.recorder.until(() => server.recorder.text === 'one two three');
    assert.equal(server.socket.remoteHost, host);
    assert.equal(server.socket.localPort, listener.port);
    assert.equal(server.socket.remotePort, client.socket.localPort);
    server.socket.write([Buffer.from('answer')]);
    await client.recorder.until(() => client.recorder.text === 'answer');
    client.socket.destroy();
    assert.equal(await server.recorder.closed.promise, undefined);
    await listener.close();
  });

  test(`an ended socket sends what is buffered before it closes${how}`, async () => {
    const { listener, client, server } = await pair(readBuffer);
    server.socket.write([Buffer.alloc(2_000_000, 'x')]);
    server.socket.end();
    await client.recorder.closed.promise;
    await server.recorder.closed.promise;
    assert.equal(client.recorder.text.length, 2_000_000);
    assert.equal(server.socket.write([Buffer.from('late')]), true, 'a write to a closed socket is dropped');
    await listener.close();
  });

  test(`a peer that does not read fills the buffer, and empties it when it reads again${how}`, async () => {
    const { listener, client, server } = await pair(readBuffer);
    client.socket.pause();
    let sent = 0;
    while (server.socket.write([Buffer.alloc(1_000_000)])) sent += 1;
    assert.ok(server.socket.bufferedBytes > 0);
    client.socket.resume();
    await server.recorder.until(() => server.recorder.drains > 0);
    assert.equal(server.socket.bufferedBytes, 0);
    await client.recorder.until(() => client.recorder.text.length === (sent + 1) * 1_000_000);
    client.socket.destroy();
    await listener.close();
  });

  test(`a socket that is paused reads nothing until it is resumed${how}`, async () => {
    const { listener, client, server } = await pair(readBuffer);
    server.socket.pause();
    while (client.socket.write([Buffer.alloc(1_000_000, 'x')]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = server.recorder.text.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(server.recorder.text.length, before);
    assert.ok(client.socket.bufferedBytes > 0);
    server.socket.resume();
    await client.recorder.until(() => client.recorder.drains > 0);
    client.socket.destroy();
    await server.recorder.closed.promise;
    await listener.close();
  });

  test(`a listener is closed once its last connection is${how}`, async () => {
    const { listener, client, server } = await pair(readBuffer);
    let isClosed = false;
    const closing = listener.close().then(() => {
      isClosed = true;
    });
    client.socket.write([Buffer.from('still open')]);
    await server.recorder.until(() => server.recorder.text === 'still open');
    assert.equal(isClosed, false);
    server.socket.destroy();
    await Promise.all([closing, client.recorder.closed.promise]);
  });
}

test('a port in use is told as such', async () => {
  const listener = await nodeNetwork.listen({ host, port: 0 }, () => undefined);
  await assert.rejects(
    nodeNetwork.listen({ host, port: listener.port }, () => undefined),
    (error) => error instanceof ListenError && error.code === 'port_in_use' && error.port === listener.port,
  );
  await listener.close();
  const again = await nodeNetwork.listen({ host, port: listener.port }, () => undefined);
  await again.close();
});

test('an address that is not of this machine can not be listened on', async () => {
  await assert.rejects(
    nodeNetwork.listen({ host: '192.0.2.1', port: 0 }, () => undefined),
    (error) => isMillraceError(error, 'listen_failed'),
  );
});

test('a refused connection is worth another try', async () => {
  const listener = await nodeNetwork.listen({ host, port: 0 }, () => undefined);
  await listener.close();
  await assert.rejects(
    nodeNetwork.connect({ host, port: listener.port, timeoutMs: 5000 }),
    (error) => error instanceof ConnectError && error.retriable && /refused/.test(error.message),
  );
});

test('a connection that nobody answers fails when its time is up', async () => {
  // An address for documentation leads nowhere (RFC 5737).
  const began = performance.now();
  await assert.rejects(nodeNetwork.connect({ host: '192.0.2.1', port: 9, timeoutMs: 50 }), (error) =>
    isMillraceError(error, 'connect_failed'),
  );
  assert.ok(performance.now() - began < 5000);
});

test('an abort ends the connecting with its reason', async () => {
  const controller = new AbortController();
  const connecting = nodeNetwork.connect({ host: '192.0.2.1', port: 9, timeoutMs: 5000, signal: controller.signal });
  controller.abort(new Error('no longer wanted'));
  await assert.rejects(connecting, /no longer wanted/);
  await assert.rejects(
    nodeNetwork.connect({ host, port: 9, timeoutMs: 5000, signal: controller.signal }),
    /no longer wanted/,
  );
});

test('an abort after the connection is made leaves it alone', async () => {
  const listener = await nodeNetwork.listen({ host, port: 0 }, (socket) => {
    const recorder = new Recorder(socket);
    void recorder.until(() => recorder.text === 'still here').then(() => socket.end());
  });
  const controller = new AbortController();
  const socket = await nodeNetwork.connect({ host, port: listener.port, timeoutMs: 5000, signal: controller.signal });
  const recorder = new Recorder(socket);
  controller.abort();
  socket.write([Buffer.from('still here')]);
  assert.equal(await recorder.closed.promise, undefined);
  await listener.close();
});

test('a socket with a read buffer hands out views of it, and is told of the end', async () => {
  const accepted = Promise.withResolvers<Socket>();
  const listener = await nodeNetwork.listen({ host, port: 0 }, (socket) => {
    socket.handle({ data: () => undefined, drained: () => undefined, closed: () => undefined });
    accepted.resolve(socket);
  });
  const readBuffer = new Uint8Array(1024);
  const socket = await nodeNetwork.connect({ host, port: listener.port, timeoutMs: 1_000, readBuffer });
  const closed = Promise.withResolvers<Error | undefined>();
  let text = '';
  socket.handle({
    data: (chunk) => {
      assert.equal(chunk.buffer, readBuffer.buffer);
      text += Buffer.from(chunk).toString('latin1');
    },
    drained: () => undefined,
    closed: (error) => closed.resolve(error),
  });
  const sent = 'x'.repeat(5_000);
  const peer = await accepted.promise;
  peer.write([Buffer.from(sent)]);
  peer.end();
  assert.equal(await closed.promise, undefined);
  assert.equal(text, sent);
  await listener.close();
});
