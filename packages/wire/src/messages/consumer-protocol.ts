/**
 * What members of a classic consumer group tell each other through the broker, inside JoinGroup's metadata and
 * SyncGroup's assignment: a 2-byte version, then the message. A reader takes what it knows of a newer version and
 * ignores the rest.
 */
import { ByteReader } from '../codec/byte-reader.ts';
import { ByteWriter } from '../codec/byte-writer.ts';
import { decodeBody, encodeBody } from '../codec/codec.ts';
import type { Api, Draft, Fields, Message } from '../schema.ts';

const subscription = {
  topics: { type: 'array', of: 'string' },
  userData: { type: 'bytes', nullable: '0+', default: null },
  ownedPartitions: {
    type: 'array',
    versions: '1+',
    ignorable: true,
    of: { topic: { type: 'string' }, partitions: { type: 'array', of: 'int32' } },
  },
  generationId: { type: 'int32', versions: '2+', default: -1, ignorable: true },
  rackId: { type: 'string', versions: '3+', nullable: '3+', default: null, ignorable: true },
} as const satisfies Fields;

const assignment = {
  assignedPartitions: {
    type: 'array',
    of: { topic: { type: 'string' }, partitions: { type: 'array', of: 'int32' } },
  },
  userData: { type: 'bytes', nullable: '0+', default: null },
} as const satisfies Fields;

/** Not an API of its own: the two messages are its request and response only so that the codecs take them. */
const consumerProtocol = {
  key: -1,
  name: 'ConsumerProtocol',
  versions: '0-3',
  request: subscription,
  response: assignment,
} as const satisfies Api;

export interface ConsumerSubscription extends Message<typeof subscription> {}
export interface ConsumerAssignment extends Message<typeof assignment> {}

const versionMax = 3;

export function encodeConsumerSubscription(draft: Draft<typeof subscription>): Uint8Array {
  const writer = new ByteWriter();
  writer.int16(versionMax);
  encodeBody(consumerProtocol, 'request', versionMax, writer, draft);
  return Buffer.concat(writer.finish().chunks);
}

/** Throws `WireError` for bytes that are none. */
export function decodeConsumerSubscription(bytes: Uint8Array): ConsumerSubscription {
  const reader = new ByteReader(bytes);
  return decodeBody(consumerProtocol, 'request', versionOf(reader), reader);
}

export function encodeConsumerAssignment(draft: Draft<typeof assignment>): Uint8Array {
  const writer = new ByteWriter();
  writer.int16(versionMax);
  encodeBody(consumerProtocol, 'response', versionMax, writer, draft);
  return Buffer.concat(writer.finish().chunks);
}

/** Throws `WireError` for bytes that are none. */
export function decodeConsumerAssignment(bytes: Uint8Array): ConsumerAssignment {
  const reader = new ByteReader(bytes);
  return decodeBody(consumerProtocol, 'response', versionOf(reader), reader);
}

function versionOf(reader: ByteReader): number {
  return Math.max(0, Math.min(reader.int16(), versionMax));
}
