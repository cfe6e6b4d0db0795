/**
 * Answers questions about a job's state over HTTP, as a function from requests to responses: whoever has a server
 * mounts it. A process that has not got what is asked for asks the one that has, or sends the asker there.
 *
 * - `GET /stores`: the stores, and who has which tasks.
 * - `GET /stores/STORE/keys/KEY`: the value of a key.
 * - `GET /stores/STORE/keys?from=&to=&after=&limit=`: keys in order, those of all processes.
 * - `GET /stores/STORE/windows/KEY?from=&to=&limit=`: what a key has by time.
 *
 * Answers are committed state, alone. `stale=true` takes a standby's, too, and says how far it is behind.
 */
import { messageOf } from '@millrace/base';
import { keyPartitioner } from '@millrace/client';
import type { OrderedStore } from '@millrace/store';
import { spaceName } from '../runtime/changelog-position.ts';
import type { QueryPlace } from '../sharing/sharing-note.ts';
import type { StoreDefinition } from '../state/store-definition.ts';
import { type SubTopology, taskId, widthOf } from '../topology/plan.ts';
import { keyFrom, numberFrom, toJson } from './query-fields.ts';
import { QueryProblem } from './query-problem.ts';
import { readKey, readKeys, readWindows } from './store-rows.ts';

export type QueryHandler = (request: Request) => Promise<Response>;

export interface QueryOptions {
  /** Path under which the handler is mounted, as `/counts`. Default: none. The same in all processes. */
  readonly prefix?: string | undefined;
  /**
   * Asks other processes for what they have: the global `fetch`, or one with certificates. Requests that are passed on
   * have the headers of the first. Default: whoever asks is redirected to the process that has it (307).
   */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
  /** Whether the request may be answered; a response is sent in place of an answer. Default: all may ask. */
  readonly authorize?: ((request: Request) => boolean | Response | Promise<boolean | Response>) | undefined;
}

/** What a process has of a task. */
export type TaskStatus =
  | { readonly is: 'running' }
  | { readonly is: 'restoring'; readonly offsetsLeft: number | undefined }
  | { readonly is: 'standby'; readonly offsetsBehind: number | undefined }
  | { readonly is: 'elsewhere' };

export interface QueryHost {
  readonly job: string;
  readonly subs: readonly SubTopology[];
  readonly partitionCounts: ReadonlyMap<string, number>;
  readonly state: OrderedStore;
  status(task: string): TaskStatus;
  /** Who answers queries, this process among them. */
  places(): readonly QueryPlace[];
}

/** Says of a request that another process has passed it on. */
const passedOn = 'millrace-passed-on';
const limitMax = 1_000;

interface Question {
  readonly request: Request;
  readonly url: URL;
  readonly definition: StoreDefinition;
  readonly sub: SubTopology;
  readonly mayBeStale: boolean;
}

export function queryHandler(host: QueryHost, options: QueryOptions): QueryHandler {
  const queries = new Queries(host, options);
  return (request) => queries.answer(request);
}

class Queries {
  readonly #host: QueryHost;
  readonly #options: QueryOptions;

  constructor(host: QueryHost, options: QueryOptions) {
    this.#host = host;
    this.#options = options;
  }

  async answer(request: Request): Promise<Response> {
    try {
      const allowed = (await this.#options.authorize?.(request)) ?? true;
      if (allowed instanceof Response) return allowed;
      if (!allowed) throw new QueryProblem('not_allowed', 'this may not be asked by whoever asked it');
      return await this.#route(request);
    } catch (error) {
      if (error instanceof QueryProblem) return error.toResponse();
      return new QueryProblem('query_failed', messageOf(error)).toResponse();
    }
  }

  #route(request: Request): Promise<Response> {
    if (request.method !== 'GET') throw new QueryProblem('method_not_allowed', 'queries are asked with GET');
    const url = new URL(request.url);
    const { prefix = '' } = this.#options;
    const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : url.pathname;
    const [, root, name, kind, key, ...rest] = path.split('/').map(decode);
    if (root !== 'stores' || rest.length > 0)
      throw new QueryProblem('not_found', 'paths are as /stores/STORE/keys/KEY');
    if (name === undefined) return Promise.resolve(this.#stores());
    const question = this.#questionOf(request, url, name);
    if (kind === 'keys' && key === undefined) return this.#keys(question);
    if (kind === 'keys' && key !== undefined) return this.#key(question, key);
    if (kind === 'windows' && key !== undefined) return this.#windows(question, key);
    throw new QueryProblem('not_found', `a store has /keys, /keys/KEY and /windows/KEY, not '${kind ?? ''}'`);
  }

  #stores(): Response {
    const stores = this.#host.subs.flatMap((sub) =>
      sub.stores.map(({ name, kind }) => ({ name, kind, tasks: this.#tasksOf(sub) })),
    );
    return answer({ job: this.#host.job, stores, places: this.#host.places() });
  }

  #questionOf(request: Request, url: URL, name: string): Question {
    for (const sub of this.#host.subs) {
      const definition = sub.stores.find((each) => each.name === name);
      const mayBeStale = url.searchParams.get('stale') === 'true';
      if (definition !== undefined) return { request, url, definition, sub, mayBeStale };
    }
    throw new QueryProblem('unknown_store', `job '${this.#host.job}' has no store '${name}'; /stores has them all`);
  }

  #key(question: Question, written: string): Promise<Response> {
    const { definition } = question;
    if (definition.kind !== 'key-value') {
      throw new QueryProblem('invalid_query', `store '${definition.name}' has its rows by time: ask /windows/KEY`);
    }
    const key = keyFrom(definition, written);
    const partition = this.#partitionOf(question, key);
    return this.#where(question, partition, (behind) => {
      const value = readKey(definition, this.#space(definition, partition), key);
      if (value !== undefined) return answer({ value, ...behind });
      throw new QueryProblem('not_found', `store '${definition.name}' has nothing under '${written}'`);
    });
  }

  #windows(question: Question, written: string): Promise<Response> {
    const { definition, url } = question;
    if (definition.kind !== 'window') {
      throw new QueryProblem('invalid_query', `store '${definition.name}' has no times: ask /keys/KEY`);
    }
    const key = keyFrom(definition, written);
    const range = {
      from: numberFrom('from', url.searchParams.get('from'), 0, Number.MAX_SAFE_INTEGER),
      to: numberFrom('to', url.searchParams.get('to'), Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      limit: numberFrom('limit', url.searchParams.get('limit'), 100, limitMax),
    };
    const partition = this.#partitionOf(question, key);
    return this.#where(question, partition, (behind) => {
      const windows = readWindows(definition, this.#space(definition, partition), key, range);
      return answer({ windows, ...behind });
    });
  }

  /** Keys of one partition where one is named; else of all, put together in the order of their bytes. */
  async #keys(question: Question): Promise<Response> {
    const { definition, url, sub } = question;
    if (definition.kind !== 'key-value') {
      throw new QueryProblem('invalid_query', `store '${definition.name}' has its rows by time: ask /windows/KEY`);
    }
    const [from, to, after] = ['from', 'to', 'after'].map((name) => {
      const written = url.searchParams.get(name);
      return written === null ? undefined : keyFrom(definition, written);
    });
    const limit = numberFrom('limit', url.searchParams.get('limit'), 100, limitMax);
    const range = { from: after ?? from, to, isAfter: after !== undefined, limit };
    const named = url.searchParams.get('partition');
    if (named !== null) {
      const partition = numberFrom('partition', named, 0, this.#width(sub) - 1);
      return this.#where(question, partition, (behind) => {
        return answer({ rows: readKeys(definition, this.#space(definition, partition), range), ...behind });
      });
    }
    const parts = await Promise.all(
      Array.from({ length: this.#width(sub) }, async (_, partition) => {
        const part = new URL(url);
        part.searchParams.set('partition', String(partition));
        const response = await this.#keys({ ...question, url: part });
        if (response.ok) return (await response.json()) as KeysAnswer;
        throw await problemOf(response);
      }),
    );
    const isStale = parts.some((part) => part.stale === true);
    const bytesOf = ({ key }: KeysAnswer['rows'][number]): Uint8Array =>
      keyFrom(definition, typeof key === 'string' && definition.key.name === 'text' ? key : JSON.stringify(key));
    const sorted = parts
      .flatMap(({ rows }) => rows.map((row) => ({ row, bytes: bytesOf(row) })))
      .sort((left, right) => Buffer.compare(left.bytes, right.bytes));
    return answer({ rows: sorted.slice(0, limit).map(({ row }) => row), ...(isStale ? { stale: true } : {}) });
  }

  /** Answers from what is here, or has another process answer. */
  async #where(
    { request, url, sub, mayBeStale }: Question,
    partition: number,
    here: (behind: { readonly stale?: true; readonly offsetsBehind?: number | undefined }) => Response,
  ): Promise<Response> {
    const task = taskId(sub, partition);
    const status = this.#host.status(task);
    if (status.is === 'running') return here({});
    if (status.is === 'standby' && mayBeStale) return here({ stale: true, offsetsBehind: status.offsetsBehind });
    const isPassedOn = request.headers.has(passedOn);
    const places = this.#host.places();
    const place =
      (status.is === 'restoring' ? undefined : places.find(({ active }) => active.includes(task))) ??
      (mayBeStale ? places.find(({ standbys }) => standbys.includes(task)) : undefined);
    if (place !== undefined && !isPassedOn) return this.#ask(place, request, url);
    if (status.is === 'restoring') {
      const left = status.offsetsLeft === undefined ? '' : `, ${status.offsetsLeft} changelog offsets are to go`;
      throw new QueryProblem('restoring', `task ${task} has its state restored${left}; ask again in a moment`);
    }
    throw new QueryProblem('moving', `task ${task} is on its way to another process; ask again in a moment`);
  }

  async #ask({ server }: QueryPlace, request: Request, url: URL): Promise<Response> {
    const base = new URL(server.includes('://') ? server : `http://${server}`);
    const target = new URL(`${url.pathname}${url.search}`, base);
    const { fetch } = this.#options;
    if (fetch === undefined) return Response.redirect(target, 307);
    const headers = new Headers(request.headers);
    headers.delete('host');
    headers.set(passedOn, 'yes');
    try {
      return await fetch(new Request(target, { headers, signal: request.signal }));
    } catch (error) {
      throw new QueryProblem('unreachable', `${server} has it, but did not answer: ${messageOf(error)}`);
    }
  }

  #partitionOf({ url, sub }: Question, key: Uint8Array): number {
    const width = this.#width(sub);
    const partition = keyPartitioner.partition('', key, width);
    return numberFrom('partition', url.searchParams.get('partition'), partition, width - 1);
  }

  #space({ name }: StoreDefinition, partition: number) {
    return this.#host.state.space(spaceName(this.#host.job, name, partition));
  }

  #width(sub: SubTopology): number {
    return widthOf(sub, this.#host.partitionCounts);
  }

  #tasksOf(sub: SubTopology): string[] {
    return Array.from({ length: this.#width(sub) }, (_, partition) => taskId(sub, partition));
  }
}

interface KeysAnswer {
  readonly rows: readonly { readonly key: unknown; readonly value: unknown }[];
  readonly stale?: boolean | undefined;
}

function answer(body: unknown): Response {
  return new Response(toJson(body), { headers: { 'content-type': 'application/json' } });
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new QueryProblem('invalid_query', `'${segment}' is no part of a URL`);
  }
}

/** What another process answered in place of rows. */
async function problemOf(response: Response): Promise<QueryProblem> {
  if (response.status === 307) {
    return new QueryProblem('unreachable', 'rows of other processes need { fetch }; ask each with partition=N');
  }
  const { code, message } = (await response.json()) as QueryProblem;
  return new QueryProblem(code, message);
}
