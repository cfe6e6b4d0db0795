/**
 * Mounts a route on Fastify: calls the handler with what came in, once it is checked, and writes its answer as
 * JSON, a page or a stream. The answer is not checked: its type is the compiler's business.
 */

import { parse as parseQueryString } from 'node:querystring';
import {
  type Contract,
  type Dialect,
  type PageAnswer,
  ProblemError,
  type Route,
  type ServerSentEvent,
  UnreadableBody,
} from '@millrace/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { replyWithEtag } from './etag.ts';
import { writeEventStream } from './event-stream.ts';
import { parseJsonBody } from './json-body.ts';
import { writeLines } from './line-stream.ts';
import { inputReader } from './route-input.ts';
import type { StandingWatch } from './standing.ts';

export interface MountOptions {
  readonly heartbeatMs: number;
  /** Aborts when the server begins to shut down: event streams end then, requests in flight go on. */
  readonly closing: AbortSignal;
  /** Whether whoever asked may still have an answer that goes on. */
  standing(request: FastifyRequest, contract: Contract): StandingWatch;
  /** What a client is told of an error in the middle of an answer. */
  problemOf(error: unknown, request: FastifyRequest): ProblemError;
}

/** CORS without credentials: any page may call, and read the answer. */
export const anyOriginHeaders = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
} as const;

const preflightHeaders = {
  ...anyOriginHeaders,
  'access-control-allow-headers': 'content-type',
  'access-control-allow-private-network': 'true',
  'access-control-max-age': '86400',
} as const;

/** Adds the route to `app`, in a scope of its own when it takes what the others do not. */
export function mountRoute(app: FastifyInstance, route: Route, options: MountOptions): void {
  const { method, path, dialect } = route.contract;
  if (dialect !== undefined) return mountDialect(app, route, dialect, options);
  if (!route.contract.anyOrigin) return mountIn(app, route, options);
  app.register(async (scope) => {
    const parse = route.contract.takesUnreadable ? parseOrTell : parseJsonBody;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      ['application/json', 'text/plain'],
      { parseAs: 'buffer' },
      async (_request: FastifyRequest, body: Buffer) => parse(body),
    );
    scope.addHook('onRequest', async (_request, reply) => void reply.headers(anyOriginHeaders));
    mountIn(scope, route, options);
    scope.options(fastifyPath(path), async (_request, reply) =>
      reply
        .status(204)
        .headers({ ...preflightHeaders, 'access-control-allow-methods': method })
        .send(),
    );
  });
}

/** What is no JSON is the handler's to answer. */
function parseOrTell(body: Buffer): unknown {
  try {
    return parseJsonBody(body);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return new UnreadableBody(body, error);
  }
}

function mountDialect(app: FastifyInstance, route: Route, dialect: Dialect, options: MountOptions): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      [...dialect.bodyTypes],
      { parseAs: 'buffer' },
      async (_request: FastifyRequest, body: Buffer) => {
        if (dialect.bodies === 'bytes') return body;
        return body.length === 0 ? undefined : parseJsonBody(body);
      },
    );
    if (dialect.takesForms) {
      scope.addContentTypeParser(
        'application/x-www-form-urlencoded',
        { parseAs: 'string' },
        async (_request: FastifyRequest, body: string) => parseQueryString(body),
      );
    }
    mountIn(scope, route, options);
  });
}

function mountIn(app: FastifyInstance, route: Route, options: MountOptions): void {
  const { contract } = route;
  const inputOf = inputReader(contract);
  app.route({
    method: contract.method,
    url: fastifyPath(contract.path),
    ...(contract.bodyBytesMax !== undefined && { bodyLimit: contract.bodyBytesMax }),
    config: { contract },
    // A stream without what it brings would never end.
    exposeHeadRoute: contract.kind !== 'event-stream' && contract.kind !== 'ndjson',
    handler: async (request, reply) => {
      const gone = whenGone(reply);
      switch (contract.kind) {
        case 'event-stream': {
          using standing = options.standing(request, contract);
          const signal = AbortSignal.any([gone(), options.closing, standing.signal]);
          const input = inputOf(request, () => signal);
          const events = (await route.handle(input)) as unknown as AsyncIterable<ServerSentEvent>;
          startStream(reply, 'text/event-stream');
          await writeEventStream(reply.raw, events, { heartbeatMs: options.heartbeatMs, signal }).catch((error) => {
            // It has ended; why, whoever comes back is told, and the log.
            options.problemOf(error, request);
          });
          return reply;
        }
        case 'ndjson': {
          using standing = options.standing(request, contract);
          const signal = AbortSignal.any([gone(), options.closing, standing.signal]);
          const lines = route.handle(inputOf(request, () => signal)) as unknown as AsyncIterable<unknown>;
          const values = lines[Symbol.asyncIterator]();
          // What is wrong before the first line is an answer like any other.
          const first = await firstOf(values, signal);
          startStream(reply, 'application/x-ndjson');
          const problemOf = (error: unknown): ProblemError => options.problemOf(error, request);
          await writeLines(reply.raw, first, values, { signal, problemOf });
          return reply;
        }
        case 'page': {
          const page = (await route.handle(inputOf(request, gone))) as unknown as PageAnswer;
          return reply
            .status(page.status)
            .headers(page.headers)
            .send(page.bytes ?? page.text);
        }
        default: {
          const answer = await route.handle(inputOf(request, gone));
          reply.status(contract.status ?? 200);
          if (contract.etag) return replyWithEtag(request, reply, answer);
          if (contract.dialect === undefined) return answer;
          return reply.type(contract.dialect.contentType).send(contract.dialect.encode(answer));
        }
      }
    },
  });
}

/** What aborts when the client goes away; made when somebody asks for it, which most handlers never do. */
function whenGone({ raw }: FastifyReply): () => AbortSignal {
  let gone: AbortController | undefined;
  return () => {
    if (gone !== undefined) return gone.signal;
    const made = new AbortController();
    gone = made;
    const leave = (): void => made.abort(new Error('the client went away'));
    // It may have left while it was found out who it is.
    if (raw.destroyed) leave();
    raw.once('close', () => {
      // Most are answered by then, and nobody listens any more.
      if (!raw.writableFinished) leave();
    });
    return made.signal;
  };
}

async function firstOf(values: AsyncIterator<unknown>, signal: AbortSignal): Promise<IteratorResult<unknown>> {
  try {
    return await values.next();
  } catch (error) {
    if (!signal.aborted) throw error;
    if (signal.reason instanceof ProblemError) throw signal.reason;
    throw new ProblemError('unavailable', 'the server is shutting down; ask again in a moment', { cause: error });
  }
}

function startStream(reply: FastifyReply, contentType: string): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.setHeader('content-type', contentType);
  reply.raw.setHeader('cache-control', 'no-store');
  // A stream that ends is over for its connection too, so that a closing server need not wait for it.
  reply.raw.setHeader('connection', 'close');
}

/** `/things/{id}` as Fastify writes it: `/things/:id`. */
function fastifyPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
