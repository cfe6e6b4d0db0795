/**
 * Frames: a 4-byte length, a header, and a message. Header versions follow from the API: requests of flexible versions
 * have header 2, others header 1; responses 1 and 0, but ApiVersions always answers with header 0, because a client
 * must be able to read the answer to a version that the broker doesn't know (KIP-511).
 */
import { type ByteReader, ByteReader as Reader } from './codec/byte-reader.ts';
import type { ByteWriter, EncodedFrame } from './codec/byte-writer.ts';
import { decodeBody, encodeBody } from './codec/codec.ts';
import type { Api, RequestDraft, RequestOf, ResponseDraft, ResponseOf } from './schema.ts';
import { hasVersion } from './versions.ts';
import { WireError } from './wire-error.ts';

const apiVersionsKey = 18;

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** Reads the part of a request's header that all versions share; `decodeRequest` goes on from there. */
export function decodeRequestHeader(reader: ByteReader): RequestHeader {
  return {
    apiKey: reader.int16(),
    apiVersion: reader.int16(),
    correlationId: reader.int32(),
    clientId: reader.nullableString(),
  };
}

/**
 * Reads the rest of a request whose header was read. The result's views pin the frame. Bytes after the message are
 * ignored, as Kafka's brokers do: librdkafka 2.15 sends three of them with some Metadata requests.
 */
export function decodeRequest<A extends Api>(api: A, version: number, reader: ByteReader): RequestOf<A> {
  if (hasVersion(api.flexible, version)) reader.skipTags();
  return decodeBody(api, 'request', version, reader);
}

/** A whole request frame, its length first. */
export function encodeRequest<A extends Api>(
  writer: ByteWriter,
  api: A,
  version: number,
  correlationId: number,
  clientId: string | null,
  draft: RequestDraft<A>,
): EncodedFrame {
  try {
    writer.int32(0);
    writer.int16(api.key);
    writer.int16(version);
    writer.int32(correlationId);
    writer.nullableString(clientId);
    if (hasVersion(api.flexible, version)) writer.uvarint(0);
    encodeBody(api, 'request', version, writer, draft);
    return writer.finishFrame();
  } catch (error) {
    writer.discard();
    throw named(error, `request ${api.name} version ${version}`);
  }
}

/** A whole response frame, its length first. */
export function encodeResponse<A extends Api>(
  writer: ByteWriter,
  api: A,
  version: number,
  correlationId: number,
  draft: ResponseDraft<A>,
): EncodedFrame {
  try {
    writer.int32(0);
    writer.int32(correlationId);
    if (hasResponseTags(api, version)) writer.uvarint(0);
    encodeBody(api, 'response', version, writer, draft);
    return writer.finishFrame();
  } catch (error) {
    writer.discard();
    throw named(error, `response ${api.name} version ${version}`);
  }
}

/** The four bytes that stand before a frame on the wire. */
export function lengthPrefix(frame: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setInt32(0, frame.length);
  return prefix;
}

/** The correlation id that a response frame (without its length) begins with. */
export function correlationIdOf(frame: Uint8Array): number {
  return new Reader(frame).int32();
}

/** Reads a response frame (without its length) to a request of that version. The result's views pin the frame. */
export function decodeResponse<A extends Api>(api: A, version: number, frame: Uint8Array): ResponseOf<A> {
  try {
    const reader = new Reader(frame);
    reader.int32();
    if (hasResponseTags(api, version)) reader.skipTags();
    const body = decodeBody(api, 'response', version, reader);
    reader.expectEnd();
    return body;
  } catch (error) {
    throw named(error, `response ${api.name} version ${version}`);
  }
}

/** The error with the message's name before what is wrong with it. */
function named(error: unknown, name: string): unknown {
  if (!(error instanceof WireError)) return error;
  return new WireError(error.code, `${name}: ${error.message}`, { cause: error });
}

function hasResponseTags(api: Api, version: number): boolean {
  return api.key !== apiVersionsKey && hasVersion(api.flexible, version);
}
