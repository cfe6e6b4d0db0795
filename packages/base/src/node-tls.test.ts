import assert from 'node:assert/strict';
import { connect as netConnect } from 'node:net';
import { before, test } from 'node:test';
import { isMillraceError } from './millrace-error.ts';
import type { ConnectTls, Listener, ListenTls, Socket, TlsIdentity } from './network.ts';
import { nodeNetwork } from './node-network.ts';
import { CertificateAuthority } from './testing/certificates.ts';

const host = '127.0.0.1';
let authority: CertificateAuthority;
let server: TlsIdentity;

before(async () => {
  authority = await CertificateAuthority.create();
  server = await authority.issue({ name: 'CN=broker', hosts: [host] });
});

/** A server that sends back what it gets, and what it learned of its peers. */
class Echo implements AsyncDisposable {
  readonly subjects: (string | undefined)[] = [];
  readonly refusals: string[] = [];
  listener!: Listener;
  readonly #sockets: Socket[] = [];

  static async start(tls: ListenTls | undefined): Promise<Echo> {
    const echo = new Echo();
    const onRefused = (_host: string, reason: string) => echo.refusals.push(reason);
    echo.listener = await nodeNetwork.listen({ host, port: 0, tls, onRefused }, (socket) => echo.#accept(socket));
    return echo;
  }

  get port(): number {
    return this.listener.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.listener.close();
  }

  #accept(socket: Socket): void {
    this.#sockets.push(socket);
    this.subjects.push(socket.peerCertificate?.subject);
    socket.handle({
      data: (chunk) => void socket.write([chunk]),
      drained: () => undefined,
      closed: () => undefined,
    });
  }
}

function connect(port: number, tls: ConnectTls | undefined): Promise<Socket> {
  return nodeNetwork.connect({ host, port, timeoutMs: 10_000, tls });
}

/** Sends bytes and resolves with as many that came back, or rejects when the connection ends. */
function echoed(socket: Socket, bytes: number): Promise<Buffer> {
  const sent = Buffer.alloc(bytes, 'abc');
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0);
    socket.handle({
      data: (chunk) => {
        text = Buffer.concat([text, chunk]);
        if (text.length === bytes) resolve(text);
      },
      drained: () => undefined,
      closed: (error) => reject(error ?? new Error('closed')),
    });
    socket.write([sent.subarray(0, 1), sent.subarray(1)]);
  });
}

async function refused(connecting: Promise<unknown>, reason: RegExp): Promise<void> {
  await assert.rejects(connecting, (error) => {
    assert.ok(isMillraceError(error, 'tls_refused'), String(error));
    assert.equal(error.retriable, false);
    assert.match(error.message, reason);
    return true;
  });
}

test('bytes pass both ways through TLS, and a server need not know its clients', async () => {
  await using echo = await Echo.start(server);
  const socket = await connect(echo.port, { ca: authority.ca });
  assert.equal((await echoed(socket, 1_000_000)).length, 1_000_000);
  assert.deepEqual(echo.subjects, [undefined]);
  socket.destroy();
});

test('a read buffer is set aside with TLS', async () => {
  await using echo = await Echo.start(server);
  const tls = { ca: authority.ca };
  const readBuffer = new Uint8Array(64);
  const socket = await nodeNetwork.connect({ host, port: echo.port, timeoutMs: 10_000, tls, readBuffer });
  assert.equal((await echoed(socket, 1000)).length, 1000);
  socket.destroy();
});

test("a client's certificate is its name", async () => {
  await using echo = await Echo.start({ ...server, ca: authority.ca, clientAuth: 'required' });
  const alice = await authority.issue({ name: 'C=DE, O=A\\, B, OU=one, OU=two, CN=alice' });
  const socket = await connect(echo.port, { ca: authority.ca, ...alice });
  await echoed(socket, 10);
  assert.deepEqual(echo.subjects, ['CN=alice,OU=two,OU=one,O=A\\, B,C=DE']);
  socket.destroy();
});

test('a client without a certificate is refused where one is required, and told so', async () => {
  await using echo = await Echo.start({ ...server, ca: authority.ca, clientAuth: 'required' });
  const socket = await connect(echo.port, { ca: authority.ca });
  await assert.rejects(echoed(socket, 10), /asks for a certificate/);
  assert.deepEqual(echo.subjects, []);
  assert.match(echo.refusals[0] ?? '', /showed no certificate/);
});

for (const clientAuth of ['required', 'requested'] as const) {
  test(`a certificate of a strange authority is refused where one is ${clientAuth}`, async () => {
    await using echo = await Echo.start({ ...server, ca: authority.ca, clientAuth });
    const strange = await (await CertificateAuthority.create('CN=Stranger')).issue({ name: 'CN=alice' });
    const socket = await connect(echo.port, { ca: authority.ca, ...strange });
    await assert.rejects(echoed(socket, 10));
    assert.deepEqual(echo.subjects, []);
    assert.match(echo.refusals[0] ?? '', /authority/);
  });
}

test('a client may come without a certificate where it is but requested', async () => {
  await using echo = await Echo.start({ ...server, ca: authority.ca, clientAuth: 'requested' });
  const socket = await connect(echo.port, { ca: authority.ca });
  await echoed(socket, 10);
  assert.deepEqual(echo.subjects, [undefined]);
  socket.destroy();
});

test('a client does not trust a server whose authority it was not given', async () => {
  await using echo = await Echo.start(server);
  await refused(connect(echo.port, {}), /authority that signed the certificate/);
  const stranger = await CertificateAuthority.create('CN=Stranger');
  await refused(connect(echo.port, { ca: stranger.ca }), /authority that signed the certificate/);
  const socket = await connect(echo.port, { verify: false });
  await echoed(socket, 10);
  socket.destroy();
});

test('a certificate of another host, or one that is over, is refused', async () => {
  await using echo = await Echo.start(await authority.issue({ name: 'CN=broker', hosts: ['kafka.example'] }));
  await refused(connect(echo.port, { ca: authority.ca }), /of another host/);
  (await connect(echo.port, { ca: authority.ca, serverName: 'kafka.example' })).destroy();
  await using late = await Echo.start(await authority.issue({ name: 'CN=broker', hosts: [host], expired: true }));
  await refused(connect(late.port, { ca: authority.ca }), /expired/);
});

test('a client that speaks TLS to a plain port learns it from what the server says', async () => {
  const listener = await nodeNetwork.listen({ host, port: 0 }, (socket) => {
    socket.handle({ data: () => undefined, drained: () => undefined, closed: () => undefined });
    socket.write([Buffer.from('+OK this is plain text\r\n')]);
  });
  await refused(connect(listener.port, {}), /does not speak TLS/);
  await listener.close();
});

test('a client that speaks no TLS is refused and named', async () => {
  await using echo = await Echo.start(server);
  const socket = await connect(echo.port, undefined);
  await assert.rejects(echoed(socket, 1000));
  assert.equal(echo.refusals.length, 1);
  assert.deepEqual(echo.subjects, []);
});

test('a renewed certificate is shown to new connections, and old ones stay', async () => {
  await using echo = await Echo.start(server);
  const old = await connect(echo.port, { ca: authority.ca });
  const next = await CertificateAuthority.create('CN=Next');
  echo.listener.renewTls?.(await next.issue({ name: 'CN=broker', hosts: [host] }));
  await refused(connect(echo.port, { ca: authority.ca }), /authority/);
  const socket = await connect(echo.port, { ca: next.ca });
  await echoed(socket, 10);
  await echoed(old, 10);
  assert.throws(
    () => echo.listener.renewTls?.({ cert: 'no certificate', key: 'no key' }),
    (error) => isMillraceError(error, 'tls_configuration'),
  );
  (await connect(echo.port, { ca: next.ca })).destroy();
  socket.destroy();
  old.destroy();
});

test('a server does not start with a key that is not of its certificate', async () => {
  const other = await authority.issue({ name: 'CN=other' });
  await assert.rejects(Echo.start({ cert: server.cert, key: other.key }), (error) =>
    isMillraceError(error, 'tls_configuration'),
  );
});

test('a listener closes although peers are in the midst of their handshakes', async () => {
  const echo = await Echo.start(server);
  const peer = netConnect({ host, port: echo.port });
  const ended = new Promise((resolve) => peer.on('error', () => undefined).on('close', resolve));
  await new Promise((resolve) => peer.write(Buffer.from([0x16, 0x03, 0x01]), resolve));
  const socket = await connect(echo.port, { ca: authority.ca });
  socket.destroy();
  await echo.listener.close();
  await ended;
});

test('of too many peers in their handshakes the oldest goes, and others come through', async () => {
  await using echo = await Echo.start(server);
  const first = netConnect({ host, port: echo.port });
  const ended = new Promise((resolve) => first.on('error', () => undefined).on('close', resolve));
  await new Promise((resolve) => first.on('connect', resolve));
  const peers = Array.from({ length: 1024 }, () => netConnect({ host, port: echo.port }).on('error', () => undefined));
  await ended;
  const socket = await connect(echo.port, { ca: authority.ca });
  await echoed(socket, 10);
  socket.destroy();
  for (const peer of peers) peer.destroy();
});
