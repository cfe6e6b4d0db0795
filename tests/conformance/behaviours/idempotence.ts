/** Idempotent producers: ids, epochs and sequence numbers, in order and out of it. */
import { initProducerId } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { batchesIn, batchOf, fateOf, fetchFrom, produceTo, valuesIn } from '../matrix/raw-records.ts';

interface ProducerName {
  readonly producerId: number;
  readonly producerEpoch: number;
}

async function newProducer(connection: RawConnection): Promise<ProducerName> {
  const draft = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
  return await connection.requestUntil(
    initProducerId,
    5,
    () => draft,
    (answer) => answer.errorCode === 0,
  );
}

/** Sends batches of one record, or of `count`, each with its first sequence number; answers their fates. */
function senderTo(leader: RawConnection, topic: string) {
  return async (producer: ProducerName, baseSequence: number, count = 1): Promise<unknown> => {
    const values = Array.from({ length: count }, (_, index) => `${baseSequence + index}`);
    return fateOf(await produceTo(leader, topic, batchOf(values, { ...producer, baseSequence })));
  };
}

export const idempotence: readonly Behaviour[] = [
  {
    name: 'each producer gets an id of its own, with epoch 0',
    apis: ['InitProducerId'],
    shows: { epochs: [0, 0], same: false },
    by: raw(async (cluster) => {
      const connection = await cluster.any();
      const [first, second] = [await newProducer(connection), await newProducer(connection)];
      return { epochs: [first.producerEpoch, second.producerEpoch], same: first.producerId === second.producerId };
    }),
  },
  {
    name: 'a producer without transactional id that says who it was gets a new id, unless it says half of it',
    apis: ['InitProducerId'],
    shows: {
      'id and epoch': ['NONE', 'a new id', 0],
      'epoch alone': ['INVALID_REQUEST', 'no id', -1],
      'id alone': ['INVALID_REQUEST', 'no id', -1],
      'no timeout': ['NONE', 'a new id', 0],
    },
    by: raw(async (cluster) => {
      const connection = await cluster.any();
      const { producerId } = await newProducer(connection);
      const ask = async (draft: { producerId: number; producerEpoch: number; transactionTimeoutMs?: number }) => {
        const answer = await connection.request(initProducerId, 5, {
          transactionalId: null,
          transactionTimeoutMs: 60_000,
          ...draft,
        });
        const id = answer.producerId === producerId ? 'the same id' : answer.producerId < 0 ? 'no id' : 'a new id';
        return [errorName(answer.errorCode), id, answer.producerEpoch];
      };
      return {
        'id and epoch': await ask({ producerId, producerEpoch: 0 }),
        'epoch alone': await ask({ producerId: -1, producerEpoch: 3 }),
        'id alone': await ask({ producerId, producerEpoch: -1 }),
        'no timeout': await ask({ producerId: -1, producerEpoch: -1, transactionTimeoutMs: 0 }),
      };
    }),
  },
  {
    name: 'an empty transactional id is refused',
    apis: ['InitProducerId'],
    shows: 'INVALID_REQUEST',
    by: raw(async (cluster) => {
      const draft = { transactionalId: '', transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
      return errorName((await (await cluster.any()).request(initProducerId, 5, draft)).errorCode);
    }),
  },
  {
    name: 'batches that follow each other are taken, and one sent again is acknowledged as it was',
    apis: ['Produce', 'InitProducerId', 'Fetch'],
    shows: { fates: [0, 2, 3], again: [2, 0], next: 4, stored: ['0 0', '1 1', '2 2', '3 3', '4 4'] },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const producer = await newProducer(leader);
      const send = senderTo(leader, topic);
      const fates = [await send(producer, 0, 2), await send(producer, 2), await send(producer, 3)];
      const again = [await send(producer, 2), await send(producer, 0, 2)];
      return { fates, again, next: await send(producer, 4), stored: valuesIn(await fetchFrom(leader, topic)) };
    }),
  },
  {
    name: 'of batches sent again the last five of a producer are known',
    apis: ['Produce'],
    shows: { fifth: 1, sixth: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const producer = await newProducer(leader);
      const send = senderTo(leader, topic);
      for (let sequence = 0; sequence < 6; sequence++) await send(producer, sequence);
      return { fifth: await send(producer, 1), sixth: await send(producer, 0) };
    }),
  },
  {
    name: 'a batch that leaves a gap, or overlaps with what is there, is refused',
    apis: ['Produce'],
    shows: {
      gap: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
      overlap: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
      'part of one': 'OUT_OF_ORDER_SEQUENCE_NUMBER',
      next: 3,
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const producer = await newProducer(leader);
      const send = senderTo(leader, topic);
      await send(producer, 0, 3);
      return {
        gap: await send(producer, 4),
        overlap: await send(producer, 2, 2),
        'part of one': await send(producer, 1),
        next: await send(producer, 3),
      };
    }),
  },
  {
    name: 'a producer that is not known in a partition may begin anywhere',
    apis: ['Produce'],
    shows: { first: 0, next: 1, before: 'OUT_OF_ORDER_SEQUENCE_NUMBER' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = senderTo(leader, topic);
      const producer = await newProducer(leader);
      return { first: await send(producer, 7), next: await send(producer, 8), before: await send(producer, 3) };
    }),
  },
  {
    name: 'a newer epoch of a producer begins at 0, and fences the older',
    apis: ['Produce'],
    shows: { 'not at 0': 'OUT_OF_ORDER_SEQUENCE_NUMBER', 'at 0': 3, older: 'INVALID_PRODUCER_EPOCH', next: 4 },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = senderTo(leader, topic);
      const producer = await newProducer(leader);
      await send(producer, 0, 3);
      const newer = { ...producer, producerEpoch: 1 };
      return {
        'not at 0': await send(newer, 3),
        'at 0': await send(newer, 0),
        older: await send(producer, 3),
        next: await send(newer, 1),
      };
    }),
  },
  {
    name: 'sequence numbers begin again at 0 behind the largest',
    apis: ['Produce'],
    shows: { 'up to the largest': 0, 'then 0': 2, 'then 1': 3 },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = senderTo(leader, topic);
      const producer = await newProducer(leader);
      const largest = 2 ** 31 - 1;
      return {
        'up to the largest': await send(producer, largest - 1, 2),
        'then 0': await send(producer, 0),
        'then 1': await send(producer, 1),
      };
    }),
  },
  {
    name: 'a batch across the largest sequence number is taken',
    apis: ['Produce'],
    shows: { across: 0, next: 4, again: 0 },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = senderTo(leader, topic);
      const producer = await newProducer(leader);
      return {
        across: await send(producer, 2 ** 31 - 2, 4),
        next: await send(producer, 2),
        again: await send(producer, 2 ** 31 - 2, 4),
      };
    }),
  },
  {
    name: 'batches keep who sent them and with which sequence numbers',
    apis: ['Produce', 'Fetch'],
    shows: [
      [true, 0, 0, 2],
      [true, 0, 2, 1],
      [false, -1, -1, 1],
    ],
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const producer = await newProducer(leader);
      const send = senderTo(leader, topic);
      await send(producer, 0, 2);
      await send(producer, 2);
      await produceTo(leader, topic, batchOf(['of nobody']));
      return batchesIn(await fetchFrom(leader, topic)).map((batch) => [
        batch.producerId === producer.producerId,
        batch.producerEpoch,
        batch.baseSequence,
        batch.recordCount,
      ]);
    }),
  },
];
