/**
 * A real login provider (`oidc-provider`, certified for OpenID Connect) on a port of its own. It comes with
 * `npm ci --prefix tests/peers`.
 */

import { createServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

interface ProviderClass {
  new (issuer: string, configuration: object): { callback(): RequestListener };
}

/** The package, or in words why a test that needs it is skipped; in CI it must be there. */
export function oidcPeer(): { readonly skip: false | string; load(): Promise<ProviderClass> } {
  const require = createRequire(new URL('../../peers/package.json', import.meta.url));
  const name = 'oidc-provider';
  const load = async (): Promise<ProviderClass> => {
    const loaded = (await import(require.resolve(name))) as { default: ProviderClass };
    return loaded.default;
  };
  if (process.env['CI'] !== undefined) return { skip: false, load };
  try {
    require.resolve(name);
    return { skip: false, load };
  } catch {
    return { skip: `${name} is not installed; npm ci --prefix tests/peers does it`, load };
  }
}

export interface LoginPeer extends AsyncDisposable {
  readonly issuer: string;
  /** Begins to serve one client, whose server runs at this URL. */
  serve(clientUrl: string): void;
}

export const clientId = 'millrace';
export const clientSecret = 'a-secret-of-the-client';

/** `groups` says in which groups somebody of a name is; every name may log in. */
export async function startLoginPeer(
  Provider: ProviderClass,
  groups: (name: string) => readonly string[],
): Promise<LoginPeer> {
  let listener: RequestListener | undefined;
  const server: Server = createServer((request, response) => {
    if (listener === undefined) response.writeHead(503).end();
    else listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    serve(clientUrl) {
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: clientId,
            client_secret: clientSecret,
            redirect_uris: [`${clientUrl}/api/v1/login/callback`],
            post_logout_redirect_uris: [`${clientUrl}/`],
          },
        ],
        scopes: ['openid', 'profile', 'email', 'groups'],
        claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'], groups: ['groups'] },
        findAccount: (_context: unknown, id: string) => ({
          accountId: id,
          claims: async () => ({ sub: `id-of-${id}`, preferred_username: id, groups: groups(id) }),
        }),
        pkce: { required: () => true },
        cookies: { keys: ['keys of a test'] },
      });
      listener = provider.callback();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
