/** Programs that send a sidecar what they should not, and more than it takes: their connection ends, and no other. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { seededRandomness } from '@millrace/base';
import { apiVersions, correlationIdOf, fetch, listOffsets, metadata, produce } from '@millrace/wire';
import { eventually } from '../../support/eventually.ts';
import { Crowd, fetchOf, Peer } from '../../support/hostile-clients.ts';
import { startFixture } from '../client/client-fixture.ts';
import { goOn, startLoad } from './load.ts';
import { produces, secretOf, startSidecarFixture } from './sidecar-fixture.ts';
import { ended, loggedIn } from './sidecar-peer.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 0.2);

async function startOpen(t: TestContext, options: { readonly connectionsMax?: number } = {}) {
  const [cluster, fixture] = [await startFixture(t), await startSidecarFixture(t)];
  const topic = await cluster.createTopic(1);
  fixture.service.tell(produces(topic), { answer: { bootstrap: cluster.bootstrap } });
  const sidecar = await fixture.start([produces(topic)], { frameBytesMax: 2 ** 20, ...options });
  const port = Number(sidecar.bootstrap.split(':')[1]);
  return { ...fixture, cluster, topic, sidecar, port, secret: await secretOf(sidecar) };
}

const frameOf = (bytes: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

test('bytes that are no requests end their connection, before the login and after it, and no other', async (t) => {
  const { port, secret, connect, sidecar, topic } = await startOpen(t);
  const load = startLoad((await connect(sidecar)).producer(), topic, 'bystander');
  await goOn([load], 10);
  const hostile: readonly (readonly [string, Uint8Array])[] = [
    ['a length beyond the bound', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a frame without a header', frameOf(Buffer.alloc(5))],
    ['an API that nobody knows', frameOf(Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 1, 0, 0]))],
    ['a header that ends early', frameOf(Buffer.from([0, 0, 0, 9, 0, 0, 0, 1, 0x7f, 0xff]))],
    ['text', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ];
  for (const [what, bytes] of hostile) {
    for (const open of [() => Peer.connect(port), () => loggedIn(port, secret)]) {
      using peer = await open();
      peer.socket
        .on('error', () => undefined)
        .resume()
        .write(bytes);
      await eventually(() => peer.socket.destroyed, { describe: () => `${what} did not end its connection` });
    }
  }
  using stranger = await Peer.connect(port);
  const over = ended(stranger);
  stranger.socket.write(stranger.encode(metadata, 12, { topics: [] }));
  await over;
  await goOn([load], 10);
  await load.end();
  assert.deepEqual(load.failures, []);
  assert.match(sidecar.metrics(), /millrace_sidecar_connections_refused_total{reason="protocol"} [1-9]/);
});

test('answers that a program does not take stay with the broker, and come once it does', async (t) => {
  const { port, secret, sidecar, topic, cluster } = await startOpen(t);
  const answerBytes = 500_000;
  await cluster.client.producer().send({ topic, value: Buffer.alloc(answerBytes) });
  using peer = await loggedIn(port, secret);
  const answers = Array.from({ length: 120 }, () => peer.exchange(peer.encode(fetch, 12, fetchOf(topic, 0))));
  peer.socket.pause();
  const sentBytes = (): number => Number(/millrace_sidecar_sent_bytes_total (\d+)/.exec(sidecar.metrics())?.[1]);
  let [before, looks] = [-1, 0];
  await eventually(async () => {
    looks = sentBytes() === before ? looks + 1 : 0;
    before = sentBytes();
    return looks === 20;
  });
  // Sockets of both sides hold some megabytes.
  assert.ok(before < (answers.length * answerBytes) / 2, `${before} bytes were taken from the broker`);
  peer.socket.resume();
  const taken = await Promise.all(answers);
  assert.ok(taken.every(({ length }) => length > answerBytes));
});

test('mangled requests of programs that are logged in do no harm to others', async (t) => {
  const { port, secret, connect, sidecar, topic } = await startOpen(t);
  const load = startLoad((await connect(sidecar)).producer(), topic, 'bystander');
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const randomness = seededRandomness(seed);
  for (let round = 0; round < 500 * scale; round++) {
    using peer = await loggedIn(port, secret);
    peer.socket.on('error', () => undefined).resume();
    const valid = [
      peer.encode(metadata, 12, { topics: null }),
      peer.encode(produce, 9, { acks: 1, timeoutMs: 1_000, topicData: [] }),
      peer.encode(apiVersions, 3, { clientSoftwareName: 'a', clientSoftwareVersion: 'b' }),
      peer.encode(listOffsets, 7, { replicaId: -1, isolationLevel: 0, topics: [] }),
    ];
    const bytes = Buffer.from(valid[randomness.integer(valid.length)] as Uint8Array);
    for (let change = 0; change <= randomness.integer(4); change++) {
      bytes[4 + randomness.integer(bytes.length - 4)] = randomness.integer(256);
    }
    peer.socket.write(bytes);
    peer.socket.end(bytes.subarray(0, randomness.integer(bytes.length)));
    await ended(peer);
  }
  await goOn([load], 10);
  await load.end();
  assert.deepEqual(load.failures, []);
  await eventually(() => sidecar.status().connections <= 3);
});

test('answers come in the order of requests, also for who sends many and reads late', async (t) => {
  const { port, secret } = await startOpen(t);
  using peer = await loggedIn(port, secret);
  const count = 2_000;
  const answers: Promise<Uint8Array>[] = [];
  peer.socket.pause();
  for (let index = 0; index < count; index++) {
    const bytes =
      index % 3 === 0
        ? peer.encode(apiVersions, 3, { clientSoftwareName: 'a', clientSoftwareVersion: 'b' })
        : peer.encode(metadata, 12, { topics: null });
    answers.push(peer.exchange(bytes));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  peer.socket.resume();
  const ids = (await Promise.all(answers)).map(correlationIdOf);
  assert.deepEqual(
    ids,
    ids.map((_, index) => (ids[0] as number) + index),
  );
});

test('requests behind a Produce that nobody answers are answered', async (t) => {
  const { port, secret, topic } = await startOpen(t);
  using peer = await loggedIn(port, secret);
  const topicData = [{ name: topic, partitionData: [] }];
  for (const version of [3, 8, 9, 12]) {
    peer.socket.write(peer.encode(produce, version, { acks: 0, timeoutMs: 1_000, topicData }));
    const { brokers } = await peer.request(metadata, 12, { topics: [] });
    assert.equal(brokers.length, 1);
  }
});

test('connections beyond the bound are closed at once, and those there are go on', async (t) => {
  const { port, sidecar, secret } = await startOpen(t, { connectionsMax: 3 });
  using peer = await loggedIn(port, secret);
  using crowd = await Crowd.open(port, 20);
  await eventually(() => crowd.ended >= 18);
  assert.ok(sidecar.status().connections <= 3);
  assert.ok((await peer.request(metadata, 12, { topics: null })).brokers.length > 0);
  assert.match(sidecar.metrics(), /millrace_sidecar_connections_refused_total{reason="limit"} 18/);
});
