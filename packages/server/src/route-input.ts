/**
 * What a route's handler gets of a request: path, query and body checked against its contract, and who asks. Schemas
 * are compiled once for each route.
 */
import {
  type Checker,
  type Contract,
  compileChecker,
  type Principal,
  ProblemError,
  type ProblemIssue,
  type RouteRequest,
} from '@millrace/api';
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';

export type Input = RouteRequest<Contract>;

/**
 * Reads the checked input of a request; `signal` is asked for when the handler asks.
 *
 * What it answers throws `ProblemError` `invalid_request`.
 */
export function inputReader(contract: Contract): (request: FastifyRequest, signal: () => AbortSignal) => Input {
  const params = contract.params && textPart(compileChecker(contract.params), 'path');
  const query = contract.query && textPart(compileChecker(contract.query), 'query string');
  const checked = contract.bodyCheckedBy !== 'handler';
  const body = contract.body && (checked ? bodyPart(compileChecker(contract.body)) : (value: unknown) => value);
  return (request, signal) => {
    const read = {
      params: params?.(request.params),
      query: query?.(request.query),
      body: body?.(request.body),
    };
    return new MountedRequest(request, read as Pick<Input, 'params' | 'query' | 'body'>, signal);
  };
}

/**
 * A class, since a getter in an object literal has V8 make a hidden class for each object, which keeps all that the
 * getter sees until the next full collection.
 */
class MountedRequest implements Input {
  readonly params: Input['params'];
  readonly query: Input['query'];
  readonly body: Input['body'];
  readonly header: Input['header'];
  readonly principal: Principal;
  readonly remoteAddress: string;
  readonly #signal: () => AbortSignal;

  constructor(
    request: FastifyRequest,
    { params, query, body }: Pick<Input, 'params' | 'query' | 'body'>,
    signal: () => AbortSignal,
  ) {
    this.params = params;
    this.query = query;
    this.body = body;
    this.header = (name) => {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    this.principal = request.principal;
    this.remoteAddress = request.ip;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }
}

function textPart(checker: Checker<TSchema>, place: string): (value: unknown) => unknown {
  return (value) => {
    const odd = Object.entries(value as object).find(([, text]) => String(text).includes('\0'));
    // No name holds one, and databases answer it with an error of their own.
    if (odd !== undefined)
      throw wrongShape(place, [{ field: `/${odd[0]}`, message: 'must not have the character NUL' }]);
    const converted = checker.convert({ ...(value as object) });
    if (!checker.check(converted)) throw wrongShape(place, checker.issues(converted));
    return converted;
  };
}

function bodyPart(checker: Checker<TSchema>): (value: unknown) => unknown {
  return (value) => {
    if (!checker.check(value)) throw wrongShape('body', checker.issues(value));
    return value;
  };
}

function wrongShape(place: string, issues: ProblemIssue[]): ProblemError {
  const [first] = issues;
  const name = first?.field.slice(1) || 'it';
  const more = issues.length > 1 ? `, and ${issues.length - 1} more: see issues` : '';
  return new ProblemError('invalid_request', `the ${place} has the wrong shape: ${name} ${first?.message}${more}`, {
    issues,
  });
}
