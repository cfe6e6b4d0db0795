/**
 * The HTTP server: mounts routes and assets, and holds for all of them what no route should have to think of: which
 * hosts and origins it answers to, how large and how slow a request may be, what an error looks like, and how it all
 * ends.
 *
 * Requests in flight when it closes are finished within the grace period; event streams end at once; new requests on
 * connections that are open get a 503. It holds no domain knowledge.
 */
import type { AddressInfo } from 'node:net';
import { type Contract, openApiDocument, type Principal, ProblemError, type Route } from '@millrace/api';
import { ListenError } from '@millrace/base';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Asset } from './asset.ts';
import { type Authentication, oneToken } from './authentication.ts';
import { closingOf } from './closing.ts';
import { Guard, type RateLimits } from './guard.ts';
import { healthRoutes, type ReadinessCheck } from './health.ts';
import { hostAllowed, hostNameOf, hostRule } from './host-rule.ts';
import { parseJsonBody } from './json-body.ts';
import { anyOriginHeaders, type MountOptions, mountRoute } from './mount-route.ts';
import { problemOf } from './problem-answer.ts';
import { discardRest, refuseUnreadable, sendProblem } from './send-problem.ts';

export interface ServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly routes?: readonly Route[] | undefined;
  readonly assets?: readonly Asset[] | undefined;
  /** Host names to answer to besides loopback and `host`. */
  readonly hosts?: readonly string[] | undefined;
  /** Who may call; without it everybody may read, and nobody change anything. */
  readonly authentication?: Authentication | undefined;
  /** In place of it: the one token there is, an admin's. */
  readonly token?: string | undefined;
  /** Addresses or networks of proxies whose X-Forwarded-For is believed; default none. */
  readonly trustedProxies?: readonly string[] | undefined;
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
  /** Time between two comment lines in a quiet event stream; default 10 s. */
  readonly heartbeatMs: number;
  /** How long a stream may go on with a token or a session that is over; default 2 s. */
  readonly recheckMs: number;
  /** Default 20,000, each a descriptor of the process. */
  readonly connectionsMax: number;
  /**
   * Default 500 a second of an address, 2,000 at once; 200 and 1,000 of a principal; 200 and 2,000 of an address beyond
   * this machine on what is open to every page.
   */
  readonly rates: RateLimits;
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
  heartbeatMs: 10_000,
  recheckMs: 2_000,
  connectionsMax: 20_000,
  rates: {
    address: { perSecond: 500, burst: 2_000 },
    principal: { perSecond: 200, burst: 1_000 },
    anybody: { perSecond: 200, burst: 2_000 },
  },
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
  const app = createApp(limits, options.trustedProxies ?? []);
  const closing = closingOf(app, limits.closeGraceMs);
  const routes = [...healthRoutes(options.readiness ?? []), ...(options.routes ?? [])];

  const door = guard(app, options, host, limits);
  app.addHook('onSend', async (_request, reply) => {
    if (closing.signal.aborted) reply.header('connection', 'close');
  });
  answerProblems(
    app,
    options,
    limits,
    routes.map((route) => route.contract),
  );
  const mounting: MountOptions = {
    heartbeatMs: limits.heartbeatMs,
    closing: closing.signal,
    standing: (request, contract) => door.standing(request, contract, request.principal),
    problemOf: (error, request) => toldProblem(error, request, options, limits),
  };
  for (const route of routes) mountRoute(app, route, mounting);
  for (const asset of options.assets ?? []) mountAsset(app, asset);
  mountOpenApi(
    app,
    routes.map((route) => route.contract),
    options,
  );
  await listen(app, host, options.port);

  const { port } = app.server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { host, port, url, close: closing.close, [Symbol.asyncDispose]: closing.close };
}

function createApp(limits: ServerLimits, trustedProxies: readonly string[]): FastifyInstance {
  const app = fastify({
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
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

/** Which host is called, and who asks, before anything is read of the body. */
function guard(app: FastifyInstance, options: ServerOptions, listenHost: string, limits: ServerLimits): Guard {
  const rule = hostRule(listenHost, options.hosts);
  const { token, authentication = token === undefined ? undefined : oneToken(token) } = options;
  const door = new Guard({ authentication, rates: limits.rates, recheckMs: limits.recheckMs });
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const { host } = request.headers;
    if (!hostAllowed(rule, host)) {
      throw new ProblemError(
        'host_not_allowed',
        `this server does not answer to the name ${JSON.stringify(host ?? '')}; call it as localhost or by its address`,
      );
    }
    const { contract } = request.routeOptions.config;
    if (contract === undefined) return;
    reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
    request.principal = await door.admit(request, contract);
  });
  return door;
}

function answerProblems(
  app: FastifyInstance,
  options: ServerOptions,
  limits: ServerLimits,
  contracts: readonly Contract[],
): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = toldProblem(error, request, options, limits);
    if (problem.code === 'payload_too_large') discardRest(request);
    const dialect = request.routeOptions.config.contract?.dialect;
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

/** What the client is told; what it is not told goes to the log. */
function toldProblem(
  error: unknown,
  request: FastifyRequest,
  options: ServerOptions,
  limits: ServerLimits,
): ProblemError {
  const problem = problemOf(error, { bodyBytesMax: request.routeOptions.bodyLimit ?? limits.bodyBytesMax });
  if (problem.status === 500) options.onFailure?.({ method: request.method, path: request.url, error });
  return problem;
}

function mountAsset(app: FastifyInstance, asset: Asset): void {
  app.get(asset.path, async (request, reply) => {
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

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent for what is no route: assets, and the list of routes. */
    contract?: Contract;
  }
  interface FastifyRequest {
    /** Who asks, once it is known. */
    principal: Principal;
  }
}
