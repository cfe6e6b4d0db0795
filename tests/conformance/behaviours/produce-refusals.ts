/** Records that a broker takes or refuses, by requests that no client would send. */
import { batchHeader, produce } from '@millrace/wire';
import { type Behaviour, ListedDifference } from '../matrix/behaviour.ts';
import { ConnectionClosedError, errorName, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { batchesIn, batchOf, fateOf, fetchFrom, outcomeOfProduce, produceTo, valuesIn } from '../matrix/raw-records.ts';
import { settled } from '../matrix/settled.ts';

const unknownId = 'dW5rbm93bi10b3BpYy1pZA';

/** A batch with other bytes than it should have, and a checksum that fits them. */
function changed(batch: Uint8Array, change: (view: DataView) => void): Uint8Array {
  change(new DataView(batch.buffer, batch.byteOffset));
  batchHeader.updateCrc(batch, 0);
  return batch;
}

const { batchHeaderLayout: at } = batchHeader;

export const produceRefusals: readonly Behaviour[] = [
  {
    name: 'records for a topic, an id or a partition that is not there are refused',
    apis: ['Produce'],
    shows: {
      topic: 'UNKNOWN_TOPIC_OR_PARTITION',
      partition: 'UNKNOWN_TOPIC_OR_PARTITION',
      'partition below zero': 'UNKNOWN_TOPIC_OR_PARTITION',
      id: 'UNKNOWN_TOPIC_ID',
      'by id': 'NONE',
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const records = batchOf(['value']);
      const byId = async (topicId: string): Promise<string> => {
        const topicData = [{ topicId, partitionData: [{ index: 0, records }] }];
        const answer = await leader.request(produce, 13, { acks: -1, timeoutMs: 30_000, topicData });
        return errorName(answer.responses[0]?.partitionResponses[0]?.errorCode);
      };
      return {
        topic: await outcomeOfProduce(leader, scope.name('absent'), records),
        partition: await outcomeOfProduce(leader, topic, records, { partition: 7 }),
        'partition below zero': await outcomeOfProduce(leader, topic, records, { partition: -1 }),
        id: await byId(unknownId),
        'by id': await byId(await cluster.topicId(topic)),
      };
    }),
  },
  {
    name: 'records sent to a broker that does not lead their partition are refused, and the leader is told',
    apis: ['Produce'],
    shows: { follower: ['NOT_LEADER_OR_FOLLOWER', 'leader told'], stranger: ['NOT_LEADER_OR_FOLLOWER', 'leader told'] },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ replicationFactor: 2 });
      const { leaderId, replicaNodes } = await cluster.partition(topic);
      const tell = async (nodeId: number | undefined) => {
        const { errorCode, currentLeader } = await produceTo(
          await cluster.broker(nodeId ?? 0),
          topic,
          batchOf(['value']),
        );
        return [errorName(errorCode), currentLeader.leaderId === leaderId ? 'leader told' : currentLeader];
      };
      return {
        follower: await tell(replicaNodes.find((nodeId) => nodeId !== leaderId)),
        stranger: await tell([1, 2, 3].find((nodeId) => !replicaNodes.includes(nodeId))),
      };
    }),
  },
  {
    name: 'a produce request asks for no acknowledgement, one or all, and nothing else',
    apis: ['Produce'],
    shows: { all: 'NONE', one: 'NONE', two: 'INVALID_REQUIRED_ACKS', 'minus two': 'INVALID_REQUIRED_ACKS' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const ask = (acks: number): Promise<string> => outcomeOfProduce(leader, topic, batchOf(['value']), { acks });
      return { all: await ask(-1), one: await ask(1), two: await ask(2), 'minus two': await ask(-2) };
    }),
  },
  {
    name: 'records without acknowledgement are taken in silence, and a failure ends the connection',
    apis: ['Produce'],
    shows: { taken: ['0 first', '1 second'], refused: 'closed' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ replicationFactor: 1 });
      const connection = await cluster.freshLeader(topic);
      sendUnanswered(connection, topic, 'first');
      sendUnanswered(connection, topic, 'second');
      const taken = await settled(
        async () => valuesIn(await fetchFrom(connection, topic)),
        (values) => values.length === 2,
      );
      sendUnanswered(connection, scope.name('absent'), 'third');
      const refused = await settled(
        () => isClosed(connection, topic),
        (closed) => closed,
      );
      return { taken, refused: refused ? 'closed' : 'open' };
    }),
  },
  {
    name: 'a batch whose bytes were damaged on the way is refused',
    apis: ['Produce'],
    shows: { checksum: 'CORRUPT_MESSAGE', 'cut off': 'INVALID_RECORD', 'record count': 'INVALID_RECORD' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = async (batch: Uint8Array) => fateOf(await produceTo(leader, topic, batch));
      const damaged = batchOf(['value']);
      damaged[damaged.length - 2] = 0x7e;
      return {
        checksum: await send(damaged),
        'cut off': await send(batchOf(['value']).subarray(0, 70)),
        'record count': await send(changed(batchOf(['value']), (view) => view.setInt32(at.recordCount, 2))),
      };
    }),
  },
  {
    name: 'of a batch whose checksum fits, the records are read too, and its last timestamp is theirs',
    apis: ['Produce', 'Fetch'],
    shows: new ListedDifference('check of record batches', {
      embedded: { garbled: 0, 'last timestamp': "the header's" },
      kafka: { garbled: 'INVALID_RECORD', 'last timestamp': "the records'" },
    }),
    by: raw(async (cluster, scope) => {
      const [topic, timed] = [await scope.createTopic(), await scope.createTopic({ topic: scope.name('timed') })];
      const garbled = changed(batchOf(['value']), (view) => view.setInt8(batchHeader.batchHeaderBytes, 2 * 40));
      const early = changed(batchOf(['value']), (view) => view.setBigInt64(at.maxTimestamp, 5n));
      const leader = await cluster.leader(timed);
      await produceTo(leader, timed, early);
      const [stored] = batchesIn(await fetchFrom(leader, timed));
      return {
        garbled: fateOf(await produceTo(await cluster.leader(topic), topic, garbled)),
        'last timestamp': stored?.maxTimestamp === 5 ? "the header's" : "the records'",
      };
    }),
  },
  {
    name: 'a batch whose header contradicts itself is refused',
    apis: ['Produce'],
    shows: {
      'no records claimed': 'INVALID_RECORD',
      'gap between offsets': 'INVALID_RECORD',
      'control batch': 'INVALID_RECORD',
      'base offset not zero': 'INVALID_RECORD',
      'producer without sequence': 'INVALID_RECORD',
    },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = async (change: (view: DataView) => void) =>
        fateOf(await produceTo(leader, topic, changed(batchOf(['value']), change)));
      return {
        'no records claimed': await send((view) => view.setInt32(at.recordCount, 0)),
        'gap between offsets': await send((view) => view.setInt32(at.lastOffsetDelta, 5)),
        'control batch': await send((view) => view.setInt16(at.attributes, 0x20)),
        'base offset not zero': await send((view) => view.setBigInt64(at.baseOffset, 5n)),
        'producer without sequence': await send((view) => view.setBigInt64(at.producerId, 5n)),
      };
    }),
  },
  {
    name: 'a batch that no client builds is refused with the reason',
    apis: ['Produce'],
    shows: new ListedDifference('batches that no client builds', {
      embedded: {
        'unknown compression': 'UNSUPPORTED_COMPRESSION_TYPE',
        'transactional without producer': 'INVALID_RECORD',
        'with a piece of another': 'INVALID_RECORD',
      },
      kafka: {
        'unknown compression': 'UNKNOWN_SERVER_ERROR',
        'transactional without producer': 0,
        'with a piece of another': 1,
      },
    }),
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = async (batch: Uint8Array) =>
        fateOf(await produceTo(leader, topic, batch, { transactionalId: scope.name('tx') }));
      const two = Buffer.concat([batchOf(['first']), batchOf(['second'])]);
      return {
        'unknown compression': await send(changed(batchOf(['value']), (view) => view.setInt16(at.attributes, 7))),
        'transactional without producer': await send(
          changed(batchOf(['value']), (view) => view.setInt16(at.attributes, 0x10)),
        ),
        'with a piece of another': await send(two.subarray(0, two.length - 5)),
      };
    }),
  },
  {
    name: 'what a batch says that is not for its producer to say is passed over',
    apis: ['Produce', 'Fetch'],
    shows: { 'append time': ['CreateTime', 0, 0], 'leader epoch': ['CreateTime', 0, 1] },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = async (change: (view: DataView) => void) => {
        const { baseOffset } = await produceTo(leader, topic, changed(batchOf(['value']), change));
        const [batch] = batchesIn(await fetchFrom(leader, topic, { offset: baseOffset }));
        return [batch?.timestampType, batch?.partitionLeaderEpoch, batch?.baseOffset];
      };
      return {
        'append time': await send((view) => view.setInt16(at.attributes, 0x08)),
        'leader epoch': await send((view) => view.setInt32(at.partitionLeaderEpoch, 77)),
      };
    }),
  },
  {
    name: 'a batch of another format is refused',
    apis: ['Produce'],
    shows: { zero: 'INVALID_RECORD', one: 'INVALID_RECORD', three: 'CORRUPT_MESSAGE' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const send = async (magic: number) => {
        const batch = batchOf(['value']);
        batch[at.magic] = magic;
        return fateOf(await produceTo(leader, topic, batch));
      };
      return { zero: await send(0), one: await send(1), three: await send(3) };
    }),
  },
  {
    name: 'a produce request holds exactly one batch a partition',
    apis: ['Produce'],
    shows: { two: 'INVALID_RECORD', none: 'INVALID_RECORD' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic();
      const leader = await cluster.leader(topic);
      const two = Buffer.concat([batchOf(['first']), batchOf(['second'])]);
      const send = async (records: Uint8Array) => fateOf(await produceTo(leader, topic, records));
      return {
        two: await send(two),
        none: await send(new Uint8Array()),
      };
    }),
  },
];

function sendUnanswered(connection: RawConnection, name: string, value: string): void {
  const topicData = [{ name, partitionData: [{ index: 0, records: batchOf([value]) }] }];
  connection.send(produce, 12, { acks: 0, timeoutMs: 30_000, topicData });
}

async function isClosed(connection: RawConnection, topic: string): Promise<boolean> {
  try {
    await fetchFrom(connection, topic);
    return false;
  } catch (error) {
    if (error instanceof ConnectionClosedError) return true;
    throw error;
  }
}
