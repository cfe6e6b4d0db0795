/**
 * For tests: handlers called without a socket. Requests and answers pass through the codecs, so that what a version
 * can't carry fails.
 */
import { assert } from '@millrace/base';
import {
  type Api,
  ByteReader,
  ByteWriter,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type RequestDraft,
  type ResponseDraft,
  type ResponseOf,
} from '@millrace/wire';
import type { AnswerRoom, RequestContext } from '../handler.ts';
import { handlers } from '../handlers/index.ts';

/** Who asks whom, and with how much room for the answer. */
export interface Call extends Pick<RequestContext, 'broker' | 'principal' | 'connection'> {
  readonly clientId: string;
  readonly roomFor: (requestBytes: number) => AnswerRoom;
}

/** The answer of an API's handler, which has the request before this function returns. */
export async function callHandler<A extends Api>(
  api: A,
  version: number,
  draft: RequestDraft<A>,
  { clientId, roomFor, ...parties }: Call,
): Promise<ResponseOf<A>> {
  const handler = handlers.get(api.key);
  assert(handler !== undefined, `there is a handler for ${api.name}`);
  const frame = frameOf(encodeRequest(new ByteWriter(), api, version, 1, clientId, draft).chunks);
  const reader = new ByteReader(frame);
  const header = decodeRequestHeader(reader);
  const answer = await handler.handle(decodeRequest(api, version, reader), {
    ...parties,
    clientId: header.clientId,
    clientHost: '127.0.0.1',
    apiVersion: header.apiVersion,
    room: roomFor(frame.length),
  });
  const encoded = encodeResponse(new ByteWriter(), api, version, 1, answer as ResponseDraft<A>);
  return decodeResponse(api, version, frameOf(encoded.chunks));
}

/** A frame without the length before it, in memory of its own. */
function frameOf(chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(chunks).subarray(4);
}
