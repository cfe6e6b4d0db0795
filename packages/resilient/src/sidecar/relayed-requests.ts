/** What is read of requests that pass: their first bytes, and no payload. */
import {
  type Api,
  ByteReader,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  fetch,
  hasVersion,
  offsetCommit,
  offsetFetch,
  produce,
  txnOffsetCommit,
} from '@millrace/wire';
import { ProgramRefusedError } from './sidecar-errors.ts';

const headerBytesMin = 8;

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
  const { reader, text } = bodyOf(produce, apiVersion, frame);
  if (apiVersion >= 3) text();
  return reader.int16() !== 0;
}

/** APIs of which more is read than their kind, so that only versions that we know may pass. */
export function tellsOfGroups(apiKey: number): boolean {
  return apiKey === offsetCommit.key || apiKey === txnOffsetCommit.key || apiKey === offsetFetch.key;
}

/**
 * Groups that the request commits offsets of. One that is merely looked for, or read with and never committed, has
 * nothing that another cluster would need. @throws WireError
 */
export function groupsCommitted({ apiKey, apiVersion }: RequestKind, frame: Uint8Array): readonly string[] {
  if (apiKey !== offsetCommit.key && apiKey !== txnOffsetCommit.key) return [];
  const { text } = bodyOf(apiKey === offsetCommit.key ? offsetCommit : txnOffsetCommit, apiVersion, frame);
  if (apiKey === txnOffsetCommit.key) text();
  const group = text();
  return group === null ? [] : [group];
}

/** The groups whose offsets an answer brings: who asked goes on from them. @throws WireError */
export function groupsFetched(
  { apiKey, apiVersion }: RequestKind,
  request: Uint8Array,
  answer: Uint8Array,
): readonly string[] {
  if (apiKey !== offsetFetch.key) return [];
  const { topics, groups } = decodeResponse(offsetFetch, apiVersion, answer);
  if (apiVersion >= 8) return groups.filter((group) => haveOffsets(group.topics)).map(({ groupId }) => groupId);
  if (!haveOffsets(topics)) return [];
  const reader = new ByteReader(request);
  decodeRequestHeader(reader);
  return [decodeRequest(offsetFetch, apiVersion, reader).groupId];
}

/** So much longer an answer to Fetch is by its records. */
const fetchFrameBytes = 4_096;

/** The bytes of an answer, of one to Fetch those of the records in it. @throws WireError */
export function payloadBytes({ apiKey, apiVersion }: RequestKind, answer: Uint8Array): number {
  const isLooked = apiKey === fetch.key && answer.length <= fetchFrameBytes && hasVersion(fetch.versions, apiVersion);
  if (!isLooked) return answer.length;
  const { responses } = decodeResponse(fetch, apiVersion, answer);
  return responses
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, { records }) => sum + (records?.length ?? 0), 0);
}

function haveOffsets(
  topics: readonly { readonly partitions: readonly { readonly committedOffset: bigint | number }[] }[],
): boolean {
  return topics.some(({ partitions }) => partitions.some(({ committedOffset }) => committedOffset >= 0));
}

/** What comes behind a request's header, and the next text of it. */
function bodyOf({ flexible }: Api, version: number, frame: Uint8Array) {
  const reader = new ByteReader(frame);
  decodeRequestHeader(reader);
  const isFlexible = hasVersion(flexible, version);
  if (isFlexible) reader.skipTags();
  return { reader, text: () => (isFlexible ? reader.compactNullableString() : reader.nullableString()) };
}
