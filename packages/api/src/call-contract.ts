/** The typed fetch client: calls a contract on a server. Runs in a browser and in Node. */
import { MillraceError, messageOf } from '@millrace/base/millrace-error';
import type { Static, TSchema } from 'typebox';
import { compileChecker } from './checker.ts';
import type { Contract } from './contract.ts';
import { Problem, type ProblemCode, ProblemError, problemCodes } from './problem.ts';

/** Optional members may also be given as undefined. */
type Loose<T> = { readonly [K in keyof T]: Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K] };

type Part<Name extends string, S> = S extends TSchema ? { readonly [N in Name]: Loose<Static<S>> } : unknown;

/** What a call hands in: the parts that the contract has a schema for. */
export type CallInput<C extends Contract> = Part<'params', C['params']> &
  Part<'query', C['query']> &
  (C['body'] extends TSchema ? { readonly body: Static<C['body']> } : unknown);

export interface CallOptions {
  readonly token?: string | undefined;
  /** The same key makes a repeated call do nothing more, where the contract says so. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The server did not answer, or not as one of ours does. */
export class ServerUnreachableError extends MillraceError {
  readonly code = 'server_unreachable';
  override readonly retriable = true;
  readonly url: string;

  constructor(url: string, reason: string, cause?: unknown) {
    super(`no answer from ${url}: ${reason}; is \`millrace up\` running there?`, { cause });
    this.url = url;
  }
}

const problemChecker = compileChecker(Problem);

/**
 * Calls a contract at `baseUrl` and answers its checked JSON.
 *
 * @throws ProblemError when the server answers with a problem, ServerUnreachableError when there is no usable answer
 */
export async function callContract<C extends Contract>(
  baseUrl: string,
  contract: C,
  input: CallInput<C>,
  options: CallOptions = {},
): Promise<Static<C['response']>> {
  const answer = await sendCall(baseUrl, contract, input, options, { accept: 'application/json' });
  const url = new URL(answer.url);
  const value = parse(await textOf(answer, options), url);
  const issues = compileChecker(contract.response).issues(value);
  if (issues[0])
    throw new ServerUnreachableError(url.origin, `its answer is not ours (${issues[0].field} ${issues[0].message})`);
  return value as Static<C['response']>;
}

/** Sends the call; answers what is no problem, its body unread. Throws as `callContract`. */
export async function sendCall<C extends Contract>(
  baseUrl: string,
  contract: C,
  input: CallInput<C>,
  options: CallOptions,
  accepted: Readonly<Record<string, string>>,
): Promise<Response> {
  const parts = input as { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown };
  const url = new URL(
    contract.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts.params?.[name]))),
    baseUrl,
  );
  for (const [name, value] of Object.entries(parts.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { ...accepted };
  if (options.token) headers['authorization'] = `Bearer ${options.token}`;
  if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
  if (contract.body) headers['content-type'] = 'application/json';
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: contract.method,
      headers,
      ...(contract.body && { body: JSON.stringify(parts.body) }),
      ...(options.signal && { signal: options.signal }),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new ServerUnreachableError(url.origin, messageOf(causeOf(error)), error);
  }
  if (!answer.ok) throw problemOf(parse(await textOf(answer, options), url), answer.status, url);
  return answer;
}

async function textOf(answer: Response, { signal }: CallOptions): Promise<string> {
  try {
    return await answer.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new ServerUnreachableError(new URL(answer.url).origin, messageOf(causeOf(error)), error);
  }
}

function parse(text: string, url: URL): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw new ServerUnreachableError(url.origin, 'its answer is not JSON', error);
  }
}

function problemOf(value: unknown, status: number, url: URL): MillraceError {
  if (!problemChecker.check(value) || !(value.code in problemCodes)) {
    return new ServerUnreachableError(url.origin, `it answered ${status} without saying why`);
  }
  return new ProblemError(value.code as ProblemCode, value.detail, { issues: value.issues, accepted: value.accepted });
}

/** `fetch` hides the reason in the error's cause. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
