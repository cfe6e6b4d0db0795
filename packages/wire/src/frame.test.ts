import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteReader } from './codec/byte-reader.ts';
import { ByteWriter } from './codec/byte-writer.ts';
import {
  correlationIdOf,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from './frame.ts';
import { apiVersions } from './messages/api-versions.ts';
import { heartbeat } from './messages/heartbeat.ts';
import { produce } from './messages/produce.ts';
import { WireError } from './wire-error.ts';

const beat = { groupId: 'g', generationId: 1, memberId: 'm' };

function request(version: number, clientId: string | null): Buffer {
  return Buffer.concat(encodeRequest(new ByteWriter(), heartbeat, version, 77, clientId, beat).chunks);
}

test('a request of an inflexible version has a header without tags', () => {
  assert.equal(request(0, 'c').toString('hex'), '00000015000c00000000004d0001630001670000000100016d');
});

test('a request of a flexible version has a header with tags, whose client id keeps its old form', () => {
  assert.equal(request(4, null).toString('hex'), '00000015000c00040000004dffff00026700000001026d0000');
});

test('tags in a request header are skipped', () => {
  const plain = request(4, 'c').subarray(4);
  const headerEnd = 11;
  const tags = Buffer.from('02 00 01 aa 07 02 bbbb'.replaceAll(' ', ''), 'hex');
  const reader = new ByteReader(Buffer.concat([plain.subarray(0, headerEnd), tags, plain.subarray(headerEnd + 1)]));
  assert.deepEqual(decodeRequestHeader(reader), { apiKey: 12, apiVersion: 4, correlationId: 77, clientId: 'c' });
  assert.deepEqual(decodeRequest(heartbeat, 4, reader), { ...beat, groupInstanceId: null });
});

test('a response of a flexible version has a header with tags, which are skipped', () => {
  const frame = Buffer.concat(encodeResponse(new ByteWriter(), heartbeat, 4, 77, { errorCode: 25 }).chunks).subarray(4);
  assert.equal(frame.toString('hex'), '0000004d0000000000001900');
  assert.equal(correlationIdOf(frame), 77);
  const tagged = Buffer.from('0000004d01050161000000000019 00'.replaceAll(' ', ''), 'hex');
  assert.deepEqual(decodeResponse(heartbeat, 4, tagged), { throttleTimeMs: 0, errorCode: 25 });
});

test('the answer to ApiVersions has a header without tags at every version', () => {
  for (const version of [0, 3, 4]) {
    const draft = { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] };
    const frame = Buffer.concat(encodeResponse(new ByteWriter(), apiVersions, version, 77, draft).chunks).subarray(4);
    assert.equal(frame.readInt16BE(4), 35, 'the error code follows the correlation id');
    assert.equal(decodeResponse(apiVersions, version, frame).errorCode, 35);
  }
});

test('bytes after a request are ignored, since librdkafka sends some, and bytes after a response are refused', () => {
  const reader = new ByteReader(Buffer.concat([request(4, 'c').subarray(4), Buffer.from([0])]));
  decodeRequestHeader(reader);
  assert.equal(decodeRequest(heartbeat, 4, reader).groupId, beat.groupId);
  const response = Buffer.concat(encodeResponse(new ByteWriter(), heartbeat, 0, 1, { errorCode: 0 }).chunks).subarray(
    4,
  );
  assert.throws(() => decodeResponse(heartbeat, 0, Buffer.concat([response, response])), WireError);
});

test('a message that can not be encoded leaves the writer as it was', () => {
  const writer = new ByteWriter();
  const records = Buffer.alloc(5000);
  const topicData = [
    {
      name: 't',
      partitionData: [
        { index: 0, records },
        { index: 2 ** 40, records },
      ],
    },
  ];
  const isUnencodable = (error: unknown): boolean => error instanceof WireError && error.code === 'unencodable_value';
  assert.throws(() => encodeRequest(writer, produce, 9, 1, 'c', { acks: 1, timeoutMs: 1, topicData }), isUnencodable);
  assert.equal(writer.byteLength, 0);
  assert.throws(() => encodeResponse(writer, heartbeat, 4, 1, { errorCode: 99_999 }), isUnencodable);
  assert.equal(writer.byteLength, 0);
  const frame = Buffer.concat(encodeRequest(writer, heartbeat, 4, 77, null, beat).chunks);
  assert.deepEqual(frame, request(4, null));
});

test('a frame longer than a slab is one frame with its length in front', () => {
  const groupId = 'g'.repeat(30_000);
  const members = Array.from({ length: 20 }, () => ({ name: groupId, partitionData: [] }));
  const { chunks, byteLength } = encodeRequest(new ByteWriter(), produce, 9, 5, null, {
    acks: 1,
    timeoutMs: 1,
    topicData: members,
  });
  const frame = Buffer.concat(chunks);
  assert.equal(frame.readInt32BE(0), byteLength - 4);
  const reader = new ByteReader(frame.subarray(4));
  decodeRequestHeader(reader);
  assert.equal(decodeRequest(produce, 9, reader).topicData.length, 20);
});

test('record bytes of a decoded message are views of its frame', () => {
  const records = Buffer.alloc(5000, 3);
  const draft = { acks: 1, timeoutMs: 1, topicData: [{ name: 't', partitionData: [{ index: 0, records }] }] };
  const frame = Buffer.concat(encodeRequest(new ByteWriter(), produce, 9, 5, null, draft).chunks);
  const reader = new ByteReader(frame, 4);
  decodeRequestHeader(reader);
  const view = decodeRequest(produce, 9, reader).topicData[0]?.partitionData[0]?.records;
  assert.ok(view instanceof Uint8Array && view.buffer === frame.buffer && view.length === 5000);
});

test('an error names the message', () => {
  const late = { ...beat, generationId: 2 ** 31 };
  assert.throws(() => encodeRequest(new ByteWriter(), heartbeat, 4, 1, null, late), {
    code: 'unencodable_value',
    message: "request Heartbeat version 4: value can't be put on the wire: 2147483648 is no whole number of 32 bits",
  });
  assert.throws(() => encodeResponse(new ByteWriter(), heartbeat, 9, 1, { errorCode: 0 }), {
    code: 'unsupported_version',
    message: 'response Heartbeat version 9: Heartbeat has no version 9 here, only 0-4',
  });
  assert.throws(() => decodeResponse(heartbeat, 0, Buffer.from('0000000700', 'hex')), {
    code: 'malformed_message',
    message: 'response Heartbeat version 0: malformed message: it ends early: 2 bytes wanted at byte 4 of 5',
  });
});
