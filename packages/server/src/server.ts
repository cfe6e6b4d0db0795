/**
 * The HTTP server: mounts routes and assets, and holds for all of them what no route should have to think of: which
 * hosts and origins it answers to, how large and how slow a request may be, what an error looks like, and how it all
 * ends.
 *
 * Requests in flight when it closes are finished within the grace period; event streams end at once; new requests on
 * connections that are open get a 503. It holds no domain knowledge.
 */
import type { Server as NodeServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Contract, type Dialect, openApiDocument, ProblemError, type Route } from '@millrace/api';
import { ListenError } from '@millrace/base';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Asset } from './asset.ts';
import { refuseChange } from './change-rule.ts';
import { healthRoutes, type ReadinessCheck } from './health.ts';
import { hostAllowed, hostNameOf, hostRule } from './host-rule.ts';
import { parseJsonBody } from './json-body.ts';
import { anyOriginHeaders, mountRoute } from './mount-route.ts';
import { problemOf, sizeText } from './problem-answer.ts';

export interface ServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly routes?: readonly Route[] | undefined;
  readonly assets?: readonly Asset[] | undefined;
  /** Host names to answer to besides loopback and `host`. */
  readonly hosts?: readonly string[] | undefined;
  /** What a program shows to change something; without it only pages of the same origin may. */
  readonly token?: string | undefined;
  readonly readiness?: readonly ReadinessCheck[] | undefined;
  /** Title and version of the OpenAPI document. */
  readonly title?: string | undefined;
  readonly version?: string | undefined;
  readonly limits?: Partial<ServerLimits> | undefined;
  /** Told of every request that ended in a 5xx, with what was thrown. */
  readonly onFailure?: ((failure: RequestFailure) => void) | undefined;
}

export interface ServerLimits {
  /** Body of a request, unless its contract says otherwise; default 1 MiB. */
  readonly bodyBytesMax: number;
  /** Time for the headers to arrive; default 10 s. */
  readonly headersTimeoutMs: number;
  /** Time for the whole request to arrive; default 30 s. */
  readonly requestTimeoutMs: number;
  /** How long a connection may idle between requests; default 30 s. */
  readonly keepAliveTimeoutMs: number;
  /** How long requests in flight may take when the server closes; default 5 s. */
  readonly closeGraceMs: number;
  /** Time between two comment lines in a quiet event stream; default 15 s. */
  readonly heartbeatMs: number;
  readonly connectionsMax: number;
}

export interface RequestFailure {
  readonly method: string;
  readonly path: string;
  readonly error: unknown;
}

export interface HttpServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8800` */
  readonly url: string;
  /** Stops accepting, finishes what is in flight, within the grace period. */
  close(): Promise<void>;
}

const limitsDefault: ServerLimits = {
  bodyBytesMax: 2 ** 20,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 30_000,
  closeGraceMs: 5_000,
  heartbeatMs: 15_000,
  connectionsMax: 10_000,
};

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Starts the server. Rejects with `ListenError` when the port is taken. */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const host = options.host ?? '127.0.0.1';
  const limits = { ...limitsDefault, ...options.limits };
  const closing = new AbortController();
  const app = createApp(limits);
  const routes = [...healthRoutes(options.readiness ?? []), ...(options.routes ?? [])];

  guard(app, options, host);
  app.addHook('onSend', async (_request, reply) => {
    if (closing.signal.aborted) reply.header('connection', 'close');
  });
  answerProblems(
    app,
    options,
    limits,
    routes.map((route) => route.contract),
  );
  for (const route of routes) mountRoute(app, route, { heartbeatMs: limits.heartbeatMs, closing: closing.signal });
  for (const asset of options.assets ?? []) mountAsset(app, asset);
  mountOpenApi(
    app,
    routes.map((route) => route.contract),
    options,
  );
  await listen(app, host, options.port);

  const { port } = app.server.address() as AddressInfo;
  const close = once(() => closeWithin(app, closing, limits.closeGraceMs));
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { host, port, url, close, [Symbol.asyncDispose]: close };
}

function createApp(limits: ServerLimits): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    // A parameter may be as long as a topic's name is, percent-encoded, and then some.
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 2048 },
    http: {
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.max(50, Math.min(1_000, limits.headersTimeoutMs / 4)),
    },
    clientErrorHandler: (error, socket) => refuseUnreadable(error, socket),
    frameworkErrors: (error, _request, reply) => void sendProblem(reply as FastifyReply, problemOf(error, limits)),
  });
  app.server.maxConnections = limits.connectionsMax;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
    parseJsonBody(body),
  );
  // A client that asks before it sends a body that is too large is told so instead of being asked for it.
  app.server.on('checkContinue', (request, response) => {
    if (!(Number(request.headers['content-length']) > limits.bodyBytesMax)) response.writeContinue();
    app.server.emit('request', request, response);
  });
  return app;
}

/** Host and Origin rules, before anything is read of the body. */
function guard(app: FastifyInstance, options: ServerOptions, listenHost: string): void {
  const rule = hostRule(listenHost, options.hosts);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const { host, origin, authorization } = request.headers;
    if (!hostAllowed(rule, host)) {
      throw new ProblemError(
        'host_not_allowed',
        `this server does not answer to the name ${JSON.stringify(host ?? '')}; call it as localhost or by its address`,
      );
    }
    const { anyOrigin, dialect } = request.routeOptions.config;
    if (anyOrigin || (dialect?.openToPrograms && origin === undefined)) return;
    const refused = refuseChange({ method: request.method, host, origin, authorization }, options.token);
    if (refused) throw refused;
  });
}

function answerProblems(
  app: FastifyInstance,
  options: ServerOptions,
  limits: ServerLimits,
  contracts: readonly Contract[],
): void {
  app.setErrorHandler((error, request, reply) => {
    const bodyBytesMax = request.routeOptions.bodyLimit ?? limits.bodyBytesMax;
    const problem = problemOf(error, { bodyBytesMax });
    if (problem.status === 500) options.onFailure?.({ method: request.method, path: request.url, error });
    if (problem.code === 'payload_too_large') discardRest(request);
    const { dialect } = request.routeOptions.config;
    if (dialect === undefined) return sendProblem(reply, problem);
    const { status, body } = dialect.answerTo(error, problem);
    return reply.status(status).type(dialect.contentType).send(dialect.encode(body));
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] as string;
    const methods = contracts.filter((contract) => contract.path === path).map((contract) => contract.method);
    if (methods.length === 0) {
      return sendProblem(
        reply,
        new ProblemError('not_found', `there is nothing at ${path}; /api/v1/openapi.json lists what there is`),
      );
    }
    const allowed = methods.join(', ');
    reply.header('allow', allowed);
    return sendProblem(
      reply,
      new ProblemError('method_not_allowed', `${path} takes ${allowed}, not ${request.method}`),
    );
  });
}

/**
 * What still comes of a refused body is thrown away as it arrives, so that the client gets to read the answer; for 5 s.
 */
function discardRest(request: FastifyRequest): void {
  const { raw } = request;
  if (raw.complete) return;
  raw.resume();
  const timer = setTimeout(() => raw.socket.destroy(), 5_000);
  timer.unref();
  raw.once('close', () => clearTimeout(timer));
}

function sendProblem(reply: FastifyReply, problem: ProblemError): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .status(problem.status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problem.toProblem()));
}

/** Answers what never became a request: unparsable bytes, headers that are too large or too slow. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new ProblemError('request_timeout', 'the request did not arrive in time; send it again, faster')
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? new ProblemError('headers_too_large', `the request headers are larger than ${sizeText(16 * 1024)}`)
        : new ProblemError('malformed_request', 'this is not an HTTP/1.1 request that can be read');
  const body = JSON.stringify(problem.toProblem());
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.code}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function mountAsset(app: FastifyInstance, asset: Asset): void {
  app.get(asset.path, { config: { anyOrigin: false } }, async (request, reply) => {
    const hostName = hostNameOf(request.headers.host) ?? 'localhost';
    if (asset.anyOrigin) reply.headers(anyOriginHeaders);
    const headers = typeof asset.headers === 'function' ? asset.headers(hostName) : asset.headers;
    return reply
      .header('content-type', asset.contentType)
      .header('cache-control', 'no-cache')
      .headers(headers ?? {})
      .send(typeof asset.body === 'function' ? asset.body(hostName) : asset.body);
  });
}

function mountOpenApi(app: FastifyInstance, contracts: readonly Contract[], options: ServerOptions): void {
  const document = JSON.stringify(
    openApiDocument(contracts, { title: options.title ?? 'Millrace', version: options.version ?? '0' }),
  );
  app.get('/api/v1/openapi.json', async (_request, reply) => reply.type('application/json').send(document));
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw new ListenError(inUse ? 'port_in_use' : 'listen_failed', { host, port }, error);
  }
}

async function closeWithin(app: FastifyInstance, closing: AbortController, graceMs: number): Promise<void> {
  closing.abort(new Error('the server is shutting down'));
  const server: NodeServer = app.server;
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await app.close();
  clearTimeout(timer);
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= run();
    return result;
  };
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Pages of other origins may call it. */
    anyOrigin?: boolean;
    dialect?: Dialect;
  }
}
