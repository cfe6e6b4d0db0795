/**
 * From a command's options to the control plane that they mean, and the token to show there: what the options name,
 * then the environment (MILLRACE_URL, MILLRACE_TOKEN), then the server that somebody logged in to, then the platform
 * that runs from the data directory.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CallInput, type CallOptions, type Contract, callContract } from '@millrace/api';
import { MillraceError, messageOf } from '@millrace/base';
import { NotRunningError } from '../cluster/open-cluster.ts';
import type { Values } from '../framework/option.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';
import { readContexts } from './contexts.ts';
import type { serverOptions } from './server-options.ts';

export interface FoundServer {
  /** `http://127.0.0.1:8800` */
  readonly url: string;
  readonly token: string | undefined;
}

type ServerChoice = Values<typeof serverOptions>;
type Environment = Readonly<Record<string, string | undefined>>;

/** The token file can't be used. */
class TokenFileError extends MillraceError {
  readonly code = 'token_file_unreadable';
}

/** @throws NotRunningError when nothing is named and nothing runs */
export async function findServer(options: ServerChoice, environment: Environment = process.env): Promise<FoundServer> {
  if (options.server !== undefined && options.context !== undefined) {
    throw new UsageError('--server and --context exclude each other');
  }
  const given = options.tokenFile === undefined ? environment['MILLRACE_TOKEN'] : await readToken(options.tokenFile);
  const named = options.server ?? (options.context === undefined ? environment['MILLRACE_URL'] : undefined);
  const contexts = await readContexts(environment);
  if (named !== undefined) {
    const url = checkedUrl(named);
    const known = [...contexts.byName.values()].find((context) => context.url === url);
    return { url, token: given ?? known?.token ?? (await localToken(options.dataDir, url)) };
  }
  const name = options.context ?? contexts.current;
  if (name !== undefined) {
    const context = contexts.byName.get(name);
    if (context === undefined) throw new UsageError(`there is no context '${name}'; \`millrace login\` makes one`);
    return { url: context.url, token: given ?? context.token };
  }
  const { findRunning } = await import('@millrace/engines');
  const running = await findRunning(options.dataDir);
  if (running === undefined || running.url === null) {
    const hint = 'Start the platform with `millrace up`, give its --data-dir, or another server with --server URL.';
    throw new NotRunningError(resolve(options.dataDir), hint);
  }
  return { url: running.url, token: given ?? running.token ?? undefined };
}

/** Calls a contract on the server that the options mean. */
export async function callServer<C extends Contract>(
  options: ServerChoice,
  contract: C,
  input: CallInput<C>,
  terminal: Terminal,
): ReturnType<typeof callContract<C>> {
  const { url, token } = await findServer(options);
  const call: CallOptions = { token, signal: terminal.signal };
  return await callContract(url, contract, input, call);
}

/** An absolute URL without a path. @throws UsageError */
export function checkedUrl(text: string, what = '--server'): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.username !== '') {
    throw new UsageError(`${what}: '${text}' is not the URL of a server, such as https://millrace.example`);
  }
  return url.origin;
}

export async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new TokenFileError(`the token file ${path} can't be read: ${messageOf(error)}`, { cause: error });
  }
  if (/^\S+$/.test(text)) return text;
  throw new TokenFileError(`the token file ${path} does not hold one token`);
}

/** That of the platform of this data directory, when it is the one that is meant: tokens go to nobody else. */
async function localToken(dataDir: string, url: string): Promise<string | undefined> {
  const { findRunning } = await import('@millrace/engines');
  const running = await findRunning(dataDir);
  return running?.url === url ? (running.token ?? undefined) : undefined;
}
