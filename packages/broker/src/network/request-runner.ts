/** One connection's way from a frame to its handler, and from the handler's draft to a frame in its place. */
import type { BufferPool } from '@millrace/base';
import {
  type Api,
  apiVersions,
  ByteReader,
  type ByteWriter,
  decodeRequest,
  decodeRequestHeader,
  type EncodedFrame,
  encodeResponse,
  errorCodes,
  hasVersion,
  type RequestHeader,
  saslAuthenticate,
  saslHandshake,
  WireError,
} from '@millrace/wire';
import type { BrokerEndpoint } from '../broker-endpoint.ts';
import type { AnyHandler, ConnectionHandle, RequestContext } from '../handler.ts';
import { offered } from '../handlers/api-versions.ts';
import type { ClientQuotas } from '../quotas/client-quotas.ts';
import type { Authentication } from '../security/authentication.ts';
import { anonymous } from '../security/principal.ts';
import type { AnswerQueue, AnswerSlot } from './answer-queue.ts';

export interface RequestRunnerOptions {
  readonly connection: ConnectionHandle;
  readonly broker: BrokerEndpoint;
  readonly handlers: ReadonlyMap<number, AnyHandler>;
  readonly clientHost: string;
  readonly answers: AnswerQueue;
  /** Shared by all connections: messages are encoded one at a time. */
  readonly writer: ByteWriter;
  readonly quotas: ClientQuotas;
  /** Where frames' memory comes from. */
  readonly buffers: BufferPool;
  /** Monotonic time, in milliseconds. */
  readonly now: () => number;
  /** Takes an answer, or that there is none. */
  readonly settle: (slot: AnswerSlot, frame: EncodedFrame | undefined) => void;
  /** Told why a request that was begun can't be answered. */
  readonly fail: (error: unknown) => void;
}

/** APIs that are never throttled for the time they take. */
const authenticates: ReadonlySet<number> = new Set([saslHandshake.key, saslAuthenticate.key]);

interface ThrottledDraft {
  throttleTimeMs?: number;
}

export class RequestRunner {
  readonly #options: RequestRunnerOptions;

  constructor(options: RequestRunnerOptions) {
    this.#options = options;
  }

  /** Begins a request. Throws when its peer breaks the protocol. */
  run(frame: Uint8Array): void {
    const { answers, broker, clientHost, connection, handlers } = this.#options;
    const { authentication } = connection;
    if (authentication?.takesTokens) return this.#token(authentication, frame);
    const reader = new ByteReader(frame);
    const header = decodeRequestHeader(reader);
    authentication?.admit(header.apiKey);
    const handler = handlers.get(header.apiKey);
    if (handler === undefined) throw unknownApi(header);
    const slot = answers.begin(frame.length);
    const { api } = handler;
    if (!hasVersion(api.versions, header.apiVersion)) {
      if (api.key !== apiVersions.key) throw unknownApi(header);
      return this.#answer(slot, apiVersions, 0, header, {
        errorCode: errorCodes.UNSUPPORTED_VERSION,
        apiKeys: offered(handlers.values()),
      });
    }
    const request = decode(api, header, reader);
    this.#handle(
      handler,
      request,
      header,
      {
        broker,
        clientId: header.clientId,
        principal: authentication?.principal ?? anonymous,
        clientHost,
        apiVersion: header.apiVersion,
        connection,
        room: slot,
      },
      slot,
      frame,
    );
  }

  #handle(
    handler: AnyHandler,
    request: unknown,
    header: RequestHeader,
    context: RequestContext,
    slot: AnswerSlot,
    frame: Uint8Array,
  ): void {
    const { buffers, fail, now, quotas } = this.#options;
    const { api } = handler;
    const beganMs = quotas.limitsTime ? now() : 0;
    const answer = handler.handle(request, context);
    if (quotas.limitsTime && !authenticates.has(api.key)) slot.throttleMs = quotas.worked(context, now() - beganMs);
    const finish = (draft: unknown): void => {
      this.#answer(slot, api, header.apiVersion, header, draft);
      if (handler.keepsNoBytes) buffers.giveBack(frame);
    };
    if (answer instanceof Promise) answer.then(finish).catch(fail);
    else finish(answer);
  }

  /** A bare SASL token, as after version 0 of SaslHandshake; its answer is one too. */
  #token(authentication: Authentication, token: Uint8Array): void {
    const { answers, fail, settle } = this.#options;
    const slot = answers.begin(token.length);
    authentication
      .token(token)
      .then((answer) => settle(slot, answer && bareFrame(answer)))
      .catch(fail);
  }

  #answer(slot: AnswerSlot, api: Api, version: number, header: RequestHeader, draft: unknown): void {
    const { connection, settle, writer } = this.#options;
    if (connection.isClosed) return;
    if (slot.throttleMs > 0) this.#throttle(slot.throttleMs, draft as ThrottledDraft | undefined);
    settle(
      slot,
      draft === undefined ? undefined : encodeResponse(writer, api, version, header.correlationId, draft as never),
    );
  }

  /** Tells the client what its handler took too much of, unless it is told of a longer pause already. */
  #throttle(durationMs: number, draft: ThrottledDraft | undefined): void {
    this.#options.connection.throttle(durationMs);
    if (draft !== undefined) draft.throttleTimeMs = Math.max(durationMs, draft.throttleTimeMs ?? 0);
  }
}

function decode(api: Api, header: RequestHeader, reader: ByteReader): unknown {
  try {
    return decodeRequest(api, header.apiVersion, reader);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const client = header.clientId ?? '(unnamed)';
    const message = `request ${api.name} version ${header.apiVersion} of client ${client}: ${error.message}`;
    throw new WireError(error.code, message, { cause: error });
  }
}

/** A length and that many bytes. */
function bareFrame(bytes: Uint8Array): EncodedFrame {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return { chunks: [length, bytes], byteLength: length.length + bytes.length };
}

function unknownApi(header: RequestHeader): WireError {
  const what = `API ${header.apiKey} version ${header.apiVersion}`;
  return new WireError(
    'unsupported_version',
    `${what} of client ${header.clientId ?? '(unnamed)'} is not offered here`,
  );
}
