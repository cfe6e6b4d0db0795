import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeOrigin, mirrorRecord, producerRecord, topicRecord } from './origin-record.ts';

const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
const place = fc.record({ cluster: fc.string(), topic: name }, { noNullPrototype: true });

test('what is listed of producers and topics is read back', () => {
  const producer = fc.record(
    {
      producerId: fc.maxSafeNat(),
      mirror: name,
      shard: fc.nat(),
      source: fc.string(),
      routesFrom: fc.option(fc.nat({ max: 0x7fff })),
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(producer, (origin) => assert.deepEqual(decodeOrigin(producerRecord(origin)), origin)));
  const topic = fc.record({ topic: name, mirror: name, places: fc.array(place) }, { noNullPrototype: true });
  fc.assert(fc.property(topic, (origin) => assert.deepEqual(decodeOrigin(topicRecord(origin)), origin)));
  const mirror = { mirror: 'east-west', chosen: ['orders', /pay.*\//i, /^a[.]b$/] };
  assert.deepEqual(decodeOrigin(mirrorRecord(mirror)), mirror);
});

test('what is no such record is refused, whatever it is', () => {
  const value = '{"version":0,"mirror":"m","shard":1,"source":"s","routesFrom":null}';
  for (const [key, text] of [
    ['producer 4', 'no JSON'],
    ['producer 4', 'null'],
    ['producer 4', value.replace('"version":0', '"version":1')],
    ['producer 4', value.replace('"shard":1', '"shard":-1')],
    ['producer 4', value.replace('"routesFrom":null', '"routesFrom":"1"')],
    ['producer x', value],
    ['topic orders', '{"version":0,"places":[]}'],
    ['topic orders m', '{"version":0}'],
    ['topic orders m', '{"version":0,"places":[{"cluster":"a"}]}'],
    ['mirror', '{"version":0,"topics":[]}'],
    ['mirror m', '{"version":0}'],
    ['mirror m', '{"version":0,"topics":[{"pattern":"a"}]}'],
    ['mirror m', '{"version":0,"topics":[{"pattern":"(","flags":""}]}'],
    ['other', value],
  ] as const) {
    assert.throws(() => decodeOrigin({ key, value: text }), { code: 'origin_record_invalid' }, `${key} ${text}`);
  }
  fc.assert(
    fc.property(fc.string(), fc.json(), (key, text) => {
      try {
        decodeOrigin({ key, value: text });
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'origin_record_invalid');
      }
    }),
  );
});
