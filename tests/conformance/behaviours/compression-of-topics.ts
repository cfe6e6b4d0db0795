/** `compression.type` of a topic: in which compression batches are kept and read. */
import { batchHeader, type Compression } from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { raw } from '../matrix/raw-connection.ts';
import { batchesIn, batchOf, fateOf, fetchFrom, produceTo, valuesIn } from '../matrix/raw-records.ts';

const values = ['first', 'second'].map((value) => `${value} ${'x'.repeat(200)}`);
const sent: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export const compressionOfTopics: readonly Behaviour[] = [
  ...(['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map((type) => {
    const kept = type === 'uncompressed' ? 'none' : type;
    return {
      name: `a topic of compression.type ${type} keeps all batches so, however they were sent`,
      apis: ['Produce', 'Fetch'] as const,
      shows: { kept: sent.map(() => kept), offsets: [0, 2, 4, 6, 8], sameValues: true, sameTimes: true },
      by: raw(async (cluster, scope) => {
        const topic = await scope.createTopic({ configuration: { 'compression.type': type, 'retention.ms': '-1' } });
        const leader = await cluster.leader(topic);
        const records = values.map((value, index) => ({ key: `${index}`, value, timestamp: 1_000 * (index + 1) }));
        for (const compression of sent) await produceTo(leader, topic, batchOf(records, { compression }));
        const fetched = await fetchFrom(leader, topic);
        const batches = batchesIn(fetched);
        for (const batch of batches) batch.verifyCrc();
        const times = batches.flatMap((batch) => [...batch.records()].map(({ timestamp }) => timestamp));
        return {
          kept: batches.map((batch) => batch.compression),
          offsets: batches.map((batch) => batch.baseOffset),
          sameValues: valuesIn(fetched).every((text, index) => text === `${index} ${values[index % 2]}`),
          sameTimes: times.every((time, index) => time === 1_000 * ((index % 2) + 1)),
        };
      }),
    };
  }),
  {
    name: 'a topic whose compression.type is producer keeps batches as they were sent',
    apis: ['Produce', 'Fetch'],
    shows: [...sent],
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      for (const compression of sent) await produceTo(leader, topic, batchOf(values, { compression }));
      return batchesIn(await fetchFrom(leader, topic)).map((batch) => batch.compression);
    }),
  },
  {
    name: 'a batch that is small when it comes, and too large as it is to be kept, is refused',
    apis: ['Produce'],
    shows: { compressed: 'MESSAGE_TOO_LARGE', small: 0 },
    by: raw(async (cluster, scope) => {
      const configuration = { 'compression.type': 'uncompressed', 'max.message.bytes': '1000' };
      const topic = await scope.createTopic({ configuration });
      const leader = await cluster.leader(topic);
      const large = batchOf(['x'.repeat(5_000)], { compression: 'gzip' });
      return {
        compressed: fateOf(await produceTo(leader, topic, large)),
        small: fateOf(await produceTo(leader, topic, batchOf(['x'.repeat(500)], { compression: 'gzip' }))),
      };
    }),
  },
  {
    name: 'batches of an idempotent producer that are compressed anew are still known when they come again',
    apis: ['Produce', 'InitProducerId'],
    shows: { fates: [0, 1, 1, 2], kept: ['zstd', 'zstd', 'zstd'] },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'compression.type': 'zstd' } });
      const leader = await cluster.leader(topic);
      const producer = { producerId: 2 ** 40 + Math.floor(Math.random() * 2 ** 30), producerEpoch: 0 };
      const fates: unknown[] = [];
      for (const baseSequence of [0, 1, 1, 2]) {
        const batch = batchOf(['x'.repeat(300)], { ...producer, baseSequence, compression: 'lz4' });
        fates.push(fateOf(await produceTo(leader, topic, batch)));
      }
      return { fates, kept: batchesIn(await fetchFrom(leader, topic)).map((batch) => batch.compression) };
    }),
  },
  {
    name: 'records that say they are compressed and are not are refused where they are to be compressed anew',
    apis: ['Produce'],
    shows: new ListedDifference('batches that no client builds', {
      embedded: 'CORRUPT_MESSAGE',
      kafka: 'UNKNOWN_SERVER_ERROR',
    }),
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'compression.type': 'zstd' } });
      const batch = batchOf(['x'.repeat(300)], { compression: 'gzip' });
      batch.fill(0x5a, 61);
      batchHeader.updateCrc(batch, 0);
      return fateOf(await produceTo(await cluster.leader(topic), topic, batch));
    }),
  },
];
