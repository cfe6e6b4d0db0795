/** What is read of requests that pass: their first bytes, and no payload. */
import { ByteReader, decodeRequest, decodeRequestHeader, findCoordinator, hasVersion, produce } from '@millrace/wire';
import { ProgramRefusedError } from './sidecar-errors.ts';

const headerBytesMin = 8;
const groupKeyType = 0;

export interface RequestKind {
  readonly apiKey: number;
  readonly apiVersion: number;
}

/** @throws ProgramRefusedError */
export function requestKind(frame: Uint8Array): RequestKind {
  if (frame.length < headerBytesMin) {
    throw new ProgramRefusedError('protocol', `it sent a request of ${frame.length} bytes, fewer than a header has`);
  }
  const reader = new ByteReader(frame);
  return { apiKey: reader.int16(), apiVersion: reader.int16() };
}

/** Whether the broker answers: not to a Produce with acks 0. @throws WireError */
export function isAnswered({ apiKey, apiVersion }: RequestKind, frame: Uint8Array): boolean {
  if (apiKey !== produce.key) return true;
  const reader = new ByteReader(frame);
  decodeRequestHeader(reader);
  if (hasVersion(produce.flexible, apiVersion)) {
    reader.skipTags();
    reader.compactNullableString();
  } else if (apiVersion >= 3) reader.nullableString();
  return reader.int16() !== 0;
}

/** Groups whose coordinator is asked for: what the program is a member of, or commits for. @throws WireError */
export function groupsAskedFor({ apiKey, apiVersion }: RequestKind, frame: Uint8Array): readonly string[] {
  if (apiKey !== findCoordinator.key) return [];
  const reader = new ByteReader(frame);
  decodeRequestHeader(reader);
  const { key, keyType, coordinatorKeys } = decodeRequest(findCoordinator, apiVersion, reader);
  if (keyType !== groupKeyType) return [];
  return apiVersion >= 4 ? coordinatorKeys : [key];
}
