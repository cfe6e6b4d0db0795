/**
 * A login in the browser of this machine: the command waits on a port of loopback for the code that the browser brings,
 * and gets a token for it with a secret that only the command has (as RFC 8252 and RFC 7636 do it).
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callContract } from '@millrace/api';
import { loginTokenContract } from '@millrace/api/fleet';
import { MillraceError } from '@millrace/base';
import type { Terminal } from '../framework/terminal.ts';

const WAIT_MS_MAX = 600_000;

/** Nobody logged in. */
class LoginTimeoutError extends MillraceError {
  readonly code = 'login_timeout';
}

/** Prints the address to open, waits for the login, and answers the token. */
export async function browserLogin(server: string, terminal: Terminal): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const code = await waitForCode(
    (port) => {
      const address = new URL(`/api/v1/login?port=${port}&challenge=${challenge}`, server);
      terminal.note(`Open this address in a browser on this machine:\n\n  ${address.href}\n`);
    },
    AbortSignal.any([terminal.signal, AbortSignal.timeout(WAIT_MS_MAX)]),
  );
  terminal.signal.throwIfAborted();
  const { secret } = await callContract(server, loginTokenContract, { body: { code, verifier } }, terminal);
  return secret;
}

function waitForCode(onListening: (port: number) => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const listener = createServer((request, response) => {
      const code = new URL(request.url ?? '/', 'http://localhost').searchParams.get('code');
      response.writeHead(code === null ? 404 : 200, {
        'content-type': 'text/plain; charset=utf-8',
        connection: 'close',
      });
      response.end(code === null ? 'This is not what is waited for.\n' : 'You are logged in; close this page.\n');
      if (code === null) return;
      listener.close();
      resolve(code);
    });
    signal.addEventListener(
      'abort',
      () => {
        listener.close();
        listener.closeAllConnections();
        reject(new LoginTimeoutError('nobody logged in; run the command again'));
      },
      { once: true },
    );
    listener.on('error', reject);
    listener.listen(0, '127.0.0.1', () => onListening((listener.address() as AddressInfo).port));
  });
}
