import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetch } from '../messages/fetch.ts';
import { heartbeat } from '../messages/heartbeat.ts';
import type { Api, Fields } from '../schema.ts';
import { comparable, complete, type Values } from '../testing/message-values.ts';
import { WireError } from '../wire-error.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeBody, encodeBody } from './codec.ts';
import { interpretDecode, interpretEncode } from './interpret.ts';

/** Tags out of order, one of every kind of field, nesting, and a tag that takes two bytes. */
const planted = {
  key: 999,
  name: 'Planted',
  versions: '0-1',
  flexible: '0+',
  request: {
    plain: { type: 'int8' },
    late: { type: 'string', tag: 300, tagged: '0+', nullable: '0+', default: null },
    list: {
      type: 'array',
      tag: 2,
      tagged: '0+',
      of: { id: { type: 'int16' }, note: { type: 'string', tag: 0, tagged: '0+' } },
    },
    early: { type: 'int64', tag: 0, tagged: '0+', default: -1 },
    data: { type: 'records', tag: 1, tagged: '0+' },
    later: { type: 'bool', versions: '1+', tag: 3, tagged: '1+' },
  },
  response: {},
} as const satisfies Api;

const fields: Fields = planted.request;

function encoded(message: Values, version = 1): string {
  const compiled = new ByteWriter();
  encodeBody(planted, 'request', version, compiled, message as never);
  const interpreted = new ByteWriter();
  interpretEncode(fields, version, true, true, interpreted, message);
  const bytes = Buffer.concat(compiled.finish().chunks);
  assert.deepEqual(Buffer.concat(interpreted.finish().chunks), bytes);
  return bytes.toString('hex');
}

/** Asserts that compiled decoder and interpreter agree, and answers what they say. */
function decoded(hex: string, version = 1): unknown {
  const bytes = Buffer.from(hex, 'hex');
  const reader = new ByteReader(bytes);
  const compiled = comparable(decodeBody(planted, 'request', version, reader));
  reader.expectEnd();
  assert.deepEqual(comparable(interpretDecode(fields, version, true, new ByteReader(bytes))), compiled);
  return compiled;
}

function assertMalformed(hex: string): void {
  const bytes = Buffer.from(hex, 'hex');
  const isMalformed = (error: unknown): boolean => error instanceof WireError && error.code === 'malformed_message';
  assert.throws(() => decodeBody(planted, 'request', 1, new ByteReader(bytes)), isMalformed);
  assert.throws(() => interpretDecode(fields, 1, true, new ByteReader(bytes)), isMalformed);
}

const message = {
  plain: 9,
  late: 'z',
  list: [
    { id: 1, note: '' },
    { id: 2, note: 'n' },
  ],
  early: 5,
  data: Buffer.from([0xaa]),
  later: true,
};
const bytes = [
  '09', // plain
  '05', // five tagged fields
  '00 08 0000000000000005',
  '01 02 02 aa',
  '02 0b 03 0001 00 0002 01 00 02 02 6e',
  '03 01 01',
  'ac02 02 02 7a',
]
  .join('')
  .replaceAll(' ', '');

test('tagged fields are written with ascending tags, whatever their order in the schema', () => {
  assert.equal(encoded(message), bytes);
  assert.deepEqual(decoded(bytes), comparable(message));
});

test('a tagged field at its default takes no bytes', () => {
  assert.equal(encoded({ plain: 9, late: null, list: [], early: -1, data: new Uint8Array(0), later: false }), '0900');
  assert.deepEqual(decoded('0900'), comparable(complete(fields, { plain: 9 })));
});

test('a tagged string that may be null tells empty from null', () => {
  assert.equal(encoded({ plain: 9, late: '' }), '0901ac020101');
  assert.deepEqual(decoded('0901ac020101'), comparable(complete(fields, { plain: 9, late: '' })));
});

test('tags that the schema does not know are skipped, at the top and in structs', () => {
  const unknownAtTop = '09 03 00 08 0000000000000005 04 03 ffffff e807 00'.replaceAll(' ', '');
  assert.deepEqual(decoded(unknownAtTop), comparable(complete(fields, { plain: 9, early: 5 })));
  const unknownInside = '09 01 02 09 02 0001 02 00 01 01 07 00'.replaceAll(' ', '');
  assert.deepEqual(decoded(unknownInside), comparable(complete(fields, { plain: 9, list: [{ id: 1, note: '' }] })));
});

test('a tag of a later version is unknown to an earlier one', () => {
  assert.deepEqual(decoded('0901030101', 0), comparable(complete(fields, { plain: 9 })));
});

test('a tagged field must take exactly the bytes it declares', () => {
  assertMalformed('09 01 00 09 000000000000000500'.replaceAll(' ', ''));
  assertMalformed('09 01 00 07 0000000000000005'.replaceAll(' ', ''));
  assertMalformed('09 01 03 02 0100'.replaceAll(' ', ''));
  assertMalformed('09 01 03 00'.replaceAll(' ', ''));
});

test('tags beyond the end of the message are refused', () => {
  for (const hex of ['09', '0901', '090104', '09010405', '09010405aabb', '09ffffffff0f', '090104ffffffff0f'])
    assertMalformed(hex);
});

test('a message without tagged fields skips any that come', () => {
  const writer = new ByteWriter();
  encodeBody(heartbeat, 'response', 4, writer, { errorCode: 27 });
  const body = Buffer.concat(writer.finish().chunks);
  const withTags = Buffer.concat([body.subarray(0, -1), Buffer.from('0205016103820200ff', 'hex').subarray(0, 8)]);
  withTags.set([0x02, 0x05, 0x01, 0x61, 0x82, 0x02, 0x01, 0xff], body.length - 1);
  const reader = new ByteReader(withTags);
  assert.deepEqual(decodeBody(heartbeat, 'response', 4, reader), { throttleTimeMs: 0, errorCode: 27 });
  assert.equal(reader.remaining, 0);
});

test('structs in tagged fields of a real response keep their values', () => {
  const partition = { currentLeader: { leaderId: 3, leaderEpoch: 9 }, divergingEpoch: { epoch: 4, endOffset: 100 } };
  const writer = new ByteWriter();
  encodeBody(fetch, 'response', 16, writer, {
    sessionId: 0,
    responses: [
      {
        partitions: [
          { partitionIndex: 0, errorCode: 6, highWatermark: 1, abortedTransactions: null, records: null, ...partition },
        ],
      },
    ],
    nodeEndpoints: [{ nodeId: 3, host: 'h', port: 9092 }],
  });
  const { responses, nodeEndpoints } = decodeBody(
    fetch,
    'response',
    16,
    new ByteReader(Buffer.concat(writer.finish().chunks)),
  );
  assert.deepEqual(responses[0]?.partitions[0]?.currentLeader, partition.currentLeader);
  assert.deepEqual(responses[0]?.partitions[0]?.divergingEpoch, partition.divergingEpoch);
  assert.deepEqual(responses[0]?.partitions[0]?.snapshotId, { endOffset: -1, epoch: -1 });
  assert.deepEqual(nodeEndpoints, [{ nodeId: 3, host: 'h', port: 9092, rack: null }]);
});

/** No API here has structs that may be null yet; Kafka marks them with one byte. */
const nullableStructs = {
  key: 998,
  name: 'NullableStructs',
  versions: '0',
  flexible: '0+',
  request: {
    plain: { type: 'struct', nullable: '0+', default: null, fields: { id: { type: 'int16' } } },
    tagged: { type: 'struct', nullable: '0+', default: null, tag: 0, tagged: '0+', fields: { id: { type: 'int16' } } },
  },
  response: {},
} as const satisfies Api;

test('a struct that may be null is marked as null or present', () => {
  const messages = { ff00: {}, '01000500 00': { plain: { id: 5 } }, 'ff 01 00 04 01 000000': { tagged: { id: 0 } } };
  for (const [spaced, draft] of Object.entries(messages)) {
    const hex = spaced.replaceAll(' ', '');
    const writer = new ByteWriter();
    encodeBody(nullableStructs, 'request', 0, writer, draft);
    assert.equal(Buffer.concat(writer.finish().chunks).toString('hex'), hex);
    const interpreted = new ByteWriter();
    interpretEncode(nullableStructs.request, 0, true, true, interpreted, draft);
    assert.equal(Buffer.concat(interpreted.finish().chunks).toString('hex'), hex);
    const expected = { plain: null, tagged: null, ...draft };
    const bytes = Buffer.from(hex, 'hex');
    assert.deepEqual(decodeBody(nullableStructs, 'request', 0, new ByteReader(bytes)), expected);
    assert.deepEqual(interpretDecode(nullableStructs.request, 0, true, new ByteReader(bytes)), expected);
  }
});
