/** Rules that a topic has for its records: their size, keys and times. */
import { produce } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, raw } from '../matrix/raw-connection.ts';
import { batchesIn, batchOf, fateOf, fetchFrom, produceTo, type RawRecord } from '../matrix/raw-records.ts';

const day = 24 * 60 * 60 * 1000;

export const produceRules: readonly Behaviour[] = [
  {
    name: 'a batch larger than the topic allows is refused, and one of exactly that size is taken',
    apis: ['Produce'],
    shows: { most: 0, less: 'MESSAGE_TOO_LARGE' },
    by: raw(async (cluster, scope) => {
      const batch = batchOf(['x'.repeat(1000)]);
      const most = await scope.createTopic({ configuration: { 'max.message.bytes': `${batch.length}` } });
      const less = await scope.createTopic({
        topic: scope.name('less'),
        configuration: { 'max.message.bytes': `${batch.length - 1}` },
      });
      return {
        most: fateOf(await produceTo(await cluster.leader(most), most, batch)),
        less: fateOf(await produceTo(await cluster.leader(less), less, batch)),
      };
    }),
  },
  {
    name: 'a compacted topic refuses a batch that has records without keys, and names those',
    apis: ['Produce'],
    shows: { some: ['INVALID_RECORD', [1, 3]], 'empty keys': 0, compressed: ['INVALID_RECORD', [0]] },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'cleanup.policy': 'compact' } });
      const leader = await cluster.leader(topic);
      const keyed = { key: 'key', value: 'value' };
      const send = async (...records: RawRecord[]) => fateOf(await produceTo(leader, topic, batchOf(records)));
      return {
        some: await send(keyed, { value: 'no key' }, keyed, { value: 'no key' }),
        'empty keys': await send(keyed, { key: '', value: 'an empty key' }),
        compressed: fateOf(
          await produceTo(
            leader,
            topic,
            batchOf([{ value: 'x'.repeat(200) }, { key: 'k', value: 'x'.repeat(200) }], { compression: 'gzip' }),
          ),
        ),
      };
    }),
  },
  {
    name: "timestamps too far from the broker's clock are refused, with the records that have them",
    apis: ['Produce'],
    shows: { fits: 0, 'too old': ['INVALID_TIMESTAMP', [1]], 'too new': ['INVALID_TIMESTAMP', [1]], none: 2 },
    by: raw(async (cluster, scope) => {
      const configuration = {
        'message.timestamp.before.max.ms': `${day}`,
        'message.timestamp.after.max.ms': `${day}`,
      };
      const topic = await scope.createTopic({ configuration });
      const leader = await cluster.leader(topic);
      const now = Date.now();
      const send = async (...timestamps: number[]) => {
        const records = timestamps.map((timestamp) => ({ value: 'value', timestamp }));
        return fateOf(await produceTo(leader, topic, batchOf(records)));
      };
      return {
        fits: await send(now - day / 2, now + day / 2),
        'too old': await send(now, now - 2 * day),
        'too new': await send(now, now + 2 * day, now),
        none: await send(-1),
      };
    }),
  },
  {
    name: "a topic of append time gives records the broker's time, and tells its producer",
    apis: ['Produce', 'Fetch'],
    shows: { error: 'NONE', told: 'now', stored: ['as told', 'as told'], type: 'LogAppendTime' },
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ configuration: { 'message.timestamp.type': 'LogAppendTime' } });
      const leader = await cluster.leader(topic);
      const before = Date.now();
      const { errorCode, logAppendTimeMs } = await produceTo(
        leader,
        topic,
        batchOf([
          { value: 'old', timestamp: 1000 },
          { value: 'new', timestamp: 9e12 },
        ]),
      );
      const [batch] = batchesIn(await fetchFrom(leader, topic));
      const timestamps = [...(batch?.records() ?? [])].map((record) => record.timestamp);
      return {
        error: errorName(errorCode),
        told: logAppendTimeMs >= before - 1000 && logAppendTimeMs <= Date.now() + 1000 ? 'now' : logAppendTimeMs,
        stored: timestamps.map((timestamp) => (timestamp === logAppendTimeMs ? 'as told' : timestamp)),
        type: batch?.timestampType,
      };
    }),
  },
  {
    name: 'of the partitions in one produce request each is answered for itself',
    apis: ['Produce'],
    shows: ['0 NONE', '1 CORRUPT_MESSAGE', '2 UNKNOWN_TOPIC_OR_PARTITION'],
    by: raw(async (cluster, scope) => {
      const topic = await scope.createTopic({ partitions: 2, assignment: [[1], [1]] });
      const leader = await cluster.leader(topic);
      await cluster.leader(topic, 1);
      const damaged = batchOf(['damaged']);
      damaged[damaged.length - 2] = 0x7e;
      const partitionData = [
        { index: 0, records: batchOf(['good']) },
        { index: 1, records: damaged },
        { index: 2, records: batchOf(['for nobody']) },
      ];
      const topicData = [{ name: topic, partitionData }];
      const answer = await leader.request(produce, 12, { acks: -1, timeoutMs: 30_000, topicData });
      return (answer.responses[0]?.partitionResponses ?? [])
        .map(({ index, errorCode }) => `${index} ${errorName(errorCode)}`)
        .sort();
    }),
  },
];
