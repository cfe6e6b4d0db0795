/** Foreign clients under quotas: they are told, they wait, and nothing of theirs is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nodeNetwork } from '@millrace/base';
import { alterClientQuotas, ByteWriter, decodeResponse, encodeRequest, FrameSplitter } from '@millrace/wire';
import { type InstrumentationEvent, Kafka, logLevel, type RequestEvent } from 'kafkajs';
import { ClusterProcess } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';

let cluster: ClusterProcess;

before(async () => {
  // A short memory, so that who is over a quota waits tenths of a second, not seconds.
  cluster = await ClusterProcess.start({ configuration: { 'quota.window.num': '2' } });
});
after(() => cluster?.[Symbol.asyncDispose]());

/** Sets quotas of a client id. */
async function limit(clientId: string, values: Record<string, number>): Promise<void> {
  const socket = await nodeNetwork.connect({ host: '127.0.0.1', port: cluster.port, timeoutMs: 5000 });
  const answer = new Promise<Uint8Array>((resolve) => {
    const splitter = new FrameSplitter(2 ** 20, resolve);
    socket.handle({ data: (chunk) => splitter.push(chunk), drained: () => undefined, closed: () => undefined });
  });
  const ops = Object.entries(values).map(([key, value]) => ({ key, value, remove: false }));
  const entries = [{ entity: [{ entityType: 'client-id', entityName: clientId }], ops }];
  const request = encodeRequest(new ByteWriter(), alterClientQuotas, 1, 1, 'test', { entries, validateOnly: false });
  socket.write(request.chunks);
  const { entries: results } = decodeResponse(alterClientQuotas, 1, await answer);
  socket.destroy();
  assert.equal(results[0]?.errorCode, 0, results[0]?.errorMessage ?? '');
}

test('a kafkajs producer over its quota sends its next request when its pause is over', async () => {
  await limit('eager', { producer_byte_rate: 100_000 });
  const kafka = new Kafka({ clientId: 'eager', brokers: [cluster.bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  const requests: { sentAt: number; endedAt: number }[] = [];
  producer.on(producer.events.REQUEST, ({ payload }: InstrumentationEvent<RequestEvent['payload']>) => {
    if (payload.apiName === 'Produce') {
      requests.push({ sentAt: payload.sentAt, endedAt: payload.sentAt + payload.duration });
    }
  });
  await producer.connect();
  const began = Date.now();
  for (let index = 0; index < 6; index++) {
    await producer.send({ topic: 'eager', messages: [{ value: 'x'.repeat(50_000) }] });
  }
  await producer.disconnect();
  assert.equal(requests.length, 6);
  // 300 kB at 100 kB a second, of which the first two windows may come at once.
  assert.ok(Date.now() - began > 1000, `${Date.now() - began} ms`);
  const pauses = requests.slice(1).map(({ sentAt }, index) => sentAt - (requests[index]?.endedAt ?? sentAt));
  assert.ok(Math.max(...pauses) > 100, `it paused for ${pauses.join(', ')} ms before its requests`);
});

test('a kafkajs consumer over its quota reads all there is', async () => {
  const kafka = new Kafka({ clientId: 'greedy', brokers: [cluster.bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const values = Array.from({ length: 40 }, (_, index) => `${index} `.padEnd(5_000, 'x'));
  for (const value of values) await producer.send({ topic: 'greedy', messages: [{ value }] });
  await producer.disconnect();
  await limit('greedy', { consumer_byte_rate: 100_000 });
  const consumer = kafka.consumer({ groupId: 'greedy', maxWaitTimeInMs: 100 });
  const read: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'greedy', fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void read.push(message.value?.toString() ?? '') });
  await eventually(() => read.length >= values.length);
  await consumer.disconnect();
  assert.deepEqual(read, values);
});
