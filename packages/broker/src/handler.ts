/**
 * What a handler of one Kafka API is. Handlers live in `handlers/<api>.ts`, under the same basename as the API's schema
 * in `wire/messages`; each turns a decoded request into an answer and holds no state of its own.
 */
import type { HeldMemory } from '@millrace/base';
import type { Api, RequestOf, ResponseDraft, Versions } from '@millrace/wire';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import type { Authentication } from './security/authentication.ts';
import type { Principal } from './security/principal.ts';

/** Who asks, through which endpoint, in which version. */
export interface RequestContext {
  /** The endpoint that received the request; through it the cluster's state. */
  readonly broker: BrokerEndpoint;
  readonly clientId: string | null;
  /** Who the connection speaks for. */
  readonly principal: Principal;
  /** The peer's address without port. */
  readonly clientHost: string;
  readonly apiVersion: number;
  /** Aborts when the connection is gone, so that waiting for it can end. */
  readonly connection: ConnectionHandle;
  /** To be asked before files are read into memory. */
  readonly room: AnswerRoom;
}

/** Memory for the answer to one request. What is not given back before it is answered is counted as the answer. */
export interface AnswerRoom {
  /** The request's own size. */
  readonly requestBytes: number;
  /**
   * How many bytes may be read from files now, at most `wantedBytes`: at once, or when there is room. 0 says that the
   * answer is to do with what it has, or that the connection is gone.
   */
  reserve(wantedBytes: number): number | Promise<number>;
  /** Gives back room that was not used, or takes, if negative, what was used beyond it. */
  release(bytes: number): void;
  /** Memory for bytes of the answer. It is released once they are sent, or earlier by whoever does not need it. */
  hold(): HeldMemory;
}

/** What handlers may know of the connection that a request came on. */
export interface ConnectionHandle {
  readonly isClosed: boolean;
  /** Calls back once when the connection is gone, unless the function it answers was called before. */
  onClosed(callback: () => void): () => void;
  /** Begins no more requests of the connection for so long, once this one is answered (KIP-219). */
  throttle(durationMs: number): void;
  readonly remotePort?: number | undefined;
  /** What the client software calls itself (KIP-511), once it has. */
  software?: { readonly name: string; readonly version: string } | undefined;
  /** The name of the listener that it came through. */
  readonly listener?: string | undefined;
  /** What it has proved of its peer. */
  readonly authentication?: Authentication | undefined;
}

/**
 * The answer to a request: now, later, or none at all (only Produce with acks 0). Answers leave in the order of the
 * requests. Kafka's errors are fields of the answer; a rejection is a failure of the broker and closes the connection.
 */
export type Answer<A extends Api> = ResponseDraft<A> | Promise<ResponseDraft<A> | undefined> | undefined;

export interface Handler<A extends Api> {
  readonly api: A;
  /** The versions to advertise where they are not exactly the schema's. */
  readonly advertised?: Versions;
  /** Once a request is answered nothing uses its bytes, so that their memory can be used again. */
  readonly keepsNoBytes?: true;
  handle(request: RequestOf<A>, context: RequestContext): Answer<A>;
}

/** A handler whose API is not known statically, as the dispatcher holds it. */
export interface AnyHandler {
  readonly api: Api;
  readonly advertised?: Versions | undefined;
  readonly keepsNoBytes?: true | undefined;
  handle(request: unknown, context: RequestContext): unknown;
}
