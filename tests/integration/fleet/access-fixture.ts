/** A control plane's access over HTTP, on a record with two teams, and callers of every role. */
import { nodePlatform } from '@millrace/base';
import type { AccessSettings } from '@millrace/fleet/access';
import { type ControlPlane, openControlPlane } from '@millrace/fleet/control-plane';
import { type Database, openDatabase } from '@millrace/fleet/database';
import { EventHub, type HttpServer, installedAuthentication, startServer } from '@millrace/server';

export const installationToken = 'millrace_installation';

export interface AccessFixture extends AsyncDisposable {
  readonly server: HttpServer;
  readonly database: Database;
  readonly plane: ControlPlane;
  /** Told of every 5xx. */
  readonly failures: unknown[];
  /** Asks as a program does, with a token or with nothing. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** A token of this role, made with the installation's. */
  token(role: 'viewer' | 'member' | 'owner' | 'admin', ...teams: string[]): Promise<string>;
}

export interface AskOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly json: any;
}

export interface AccessFixtureOptions {
  readonly settings?: AccessSettings;
  readonly openToRead?: boolean;
}

const why = { principal: { kind: 'system', name: 'test' }, why: 'the test needs them' } as const;

export async function startAccess(url: string, options: AccessFixtureOptions = {}): Promise<AccessFixture> {
  const database = await openDatabase({ url });
  const plane = await openControlPlane({
    database,
    platform: nodePlatform,
    report: () => undefined,
    access: options.settings,
  });
  await plane.record.change(
    [
      { kind: 'team', id: 'orders', spec: { name: 'orders', owners: ['olga'], members: ['mike'] } },
      { kind: 'team', id: 'search', spec: { name: 'search', members: ['olga'] } },
    ],
    why,
  );
  const failures: unknown[] = [];
  const server = await startServer({
    port: 0,
    authentication: installedAuthentication(installationToken, plane.access, options.openToRead ?? true),
    routes: [...plane.routes, new EventHub(plane.feed).route],
    limits: { recheckMs: 100 },
    onFailure: ({ error }) => failures.push(error),
  });
  let made = 0;
  const ask = (method: string, path: string, how: AskOptions = {}): Promise<Answer> => call(server, method, path, how);
  return {
    server,
    database,
    plane,
    failures,
    ask,
    async token(role, ...teams) {
      const body = { name: `${role}-${++made}`, role, ...(teams.length > 0 && { teams }) };
      const { status, json, text } = await ask('POST', '/api/v1/tokens', { token: installationToken, body });
      if (status !== 201) throw new Error(text);
      return json.secret;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await plane.close();
      await database.close();
    },
  };
}

export async function call(
  { url }: HttpServer,
  method: string,
  path: string,
  { token, body, headers }: AskOptions,
): Promise<Answer> {
  const answer = await fetch(new URL(path, url), {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson =
    /json/.test(answer.headers.get('content-type') ?? '') && !/ndjson/.test(answer.headers.get('content-type') ?? '');
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}
