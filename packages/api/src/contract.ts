/**
 * A contract is what both sides of an HTTP exchange agree on: method, path and the schemas of what goes in and out.
 * Types, checks and the OpenAPI document all come from it. A route is a contract with its handler; the server mounts
 * routes, the fetch client calls contracts.
 */
import type { Static, TObject, TSchema } from 'typebox';
import type { Permission, Principal } from './principal.ts';
import type { ProblemCode, ProblemError } from './problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * How a route speaks whose callers were written for another product: they expect its media types and its errors, and
 * have no token of ours.
 */
export interface Dialect {
  /** Media type of every answer. */
  readonly contentType: string;
  /** Media types under which bodies come. An empty body is none. */
  readonly bodyTypes: readonly string[];
  /** `bytes`: the handler gets bodies as they came, a `Uint8Array`, still compressed where they are. Default `json`. */
  readonly bodies?: 'json' | 'bytes' | undefined;
  /** Whether bodies may be HTML forms too: an object with a text for each field, or several where it is repeated. */
  readonly takesForms?: boolean | undefined;
  /** What an error is answered with; `problem` is what others would be told of it. */
  answerTo(error: unknown, problem: ProblemError): { readonly status: number; readonly body: unknown };
  /** The text of an answer. */
  encode(answer: unknown): string;
  /** Whether programs may change things without a token; pages of other origins never may. */
  readonly openToPrograms: boolean;
}

export interface Contract {
  readonly method: Method;
  /** Path with parameters in braces, as OpenAPI writes it: `/api/v1/clusters/{name}`. */
  readonly path: string;
  /** One line for the OpenAPI document. */
  readonly summary: string;
  readonly description?: string | undefined;
  /** Schemas of path and query parameters; text is converted to the numbers and booleans they ask for. */
  readonly params?: TObject | undefined;
  readonly query?: TObject | undefined;
  /** Schema of the JSON body. */
  readonly body?: TSchema | undefined;
  /** `handler`: it gets the body unchecked, as `unknown`, to answer for each of its parts. Default `server`. */
  readonly bodyCheckedBy?: 'server' | 'handler' | undefined;
  /**
   * Whether the handler is told of bodies that are no JSON too, as an `UnreadableBody`. Only of routes that are open to
   * any origin and check bodies themselves.
   */
  readonly takesUnreadable?: boolean | undefined;
  /** Schema of the JSON answer; for an event stream, of the data of each event. */
  readonly response: TSchema;
  /** Status of the answer when all went well; default 200. */
  readonly status?: number | undefined;
  /** The JSON answer has an ETag of its content, and whoever has that already (If-None-Match) is answered 304. */
  readonly etag?: boolean | undefined;
  /**
   * `event-stream`: the answer is a stream of server-sent events, and the handler an async iterable of them. `ndjson`:
   * a value of `response` a line, likewise; what goes wrong after the first is a last line `{"problem": ...}`. `page`:
   * what the handler says, status and headers included, for browsers that are sent on or get a cookie.
   */
  readonly kind?: 'json' | 'event-stream' | 'ndjson' | 'page' | undefined;
  /** The problems that this route answers with, besides those that every route may. */
  readonly problems?: readonly ProblemCode[] | undefined;
  /**
   * Pages of other origins may call it (CORS without credentials), with a JSON body also as `text/plain`, which
   * browsers send without asking first. Only for what is harmless and public by design.
   */
  readonly anyOrigin?: boolean | undefined;
  /**
   * What a caller must be permitted to get in at all; what of one object they may do, the handler judges. Default
   * `view` for GET, `administer` for all else. `public` asks nothing.
   */
  readonly permission?: Permission | 'public' | undefined;
  /** How it speaks, where it is not as the others. Of JSON answers and pages only. */
  readonly dialect?: Dialect | undefined;
  /** Bound on the body in bytes; the server's default otherwise. */
  readonly bodyBytesMax?: number | undefined;
}

type StaticOr<S, Otherwise> = S extends TSchema ? Static<S> : Otherwise;

/** A body that is no JSON, for handlers that keep such. */
export class UnreadableBody {
  readonly bytes: Uint8Array;
  /** Why it is none: what its sender is to be told. */
  readonly problem: ProblemError;

  constructor(bytes: Uint8Array, problem: ProblemError) {
    this.bytes = bytes;
    this.problem = problem;
  }
}

/** What a handler gets: parts that the contract has a schema for are checked and typed. */
export interface RouteRequest<C extends Contract> {
  readonly params: StaticOr<C['params'], undefined>;
  readonly query: StaticOr<C['query'], undefined>;
  readonly body: C extends { readonly bodyCheckedBy: 'handler' } ? unknown : StaticOr<C['body'], undefined>;
  header(name: string): string | undefined;
  /** Who asks. */
  readonly principal: Principal;
  /** The address that the request came from. */
  readonly remoteAddress: string;
  /** Aborts when the client goes away or the server shuts down. */
  readonly signal: AbortSignal;
}

/** One server-sent event (WHATWG HTML, section 9.2). */
export interface ServerSentEvent<Data = unknown> {
  readonly id?: string | undefined;
  readonly event?: string | undefined;
  readonly data: Data;
}

/** What a route of kind `page` answers. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text?: string | undefined;
  /** In place of text. */
  readonly bytes?: Uint8Array | undefined;
}

type EventsOf<C extends Contract> = AsyncIterable<ServerSentEvent<Static<C['response']>>>;

/** Of a stream of events: what fails before the promise is fulfilled is an answer like any other. */
export type RouteAnswer<C extends Contract> = C extends { readonly kind: 'event-stream' }
  ? EventsOf<C> | Promise<EventsOf<C>>
  : C extends { readonly kind: 'ndjson' }
    ? AsyncIterable<Static<C['response']>>
    : C extends { readonly kind: 'page' }
      ? PageAnswer | Promise<PageAnswer>
      : Static<C['response']> | Promise<Static<C['response']>>;

export interface Route<C extends Contract = Contract> {
  readonly contract: C;
  /** Answers the request, or throws a `ProblemError`. */
  handle(request: RouteRequest<C>): RouteAnswer<C>;
}

/** Keeps the literal types of a contract. */
export function defineContract<const C extends Contract>(contract: C): C {
  return contract;
}

/** Joins a contract with its handler. */
export function implement<C extends Contract>(
  contract: C,
  handle: (request: RouteRequest<C>) => RouteAnswer<C>,
): Route {
  return { contract, handle } as unknown as Route;
}
