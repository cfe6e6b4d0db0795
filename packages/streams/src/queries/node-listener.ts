/** Mounts a query handler in a server of `node:http`, of whose requests and responses it takes what it needs. */
import type { QueryHandler } from './query-handler.ts';

interface Incoming {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: { readonly host?: string | undefined };
  readonly headersDistinct: { readonly [name: string]: readonly string[] | undefined };
}

interface Outgoing {
  on(event: 'close', listener: () => void): unknown;
  writeHead(status: number, headers?: Record<string, string>): { end(): unknown };
  end(body: Uint8Array): unknown;
}

/** For `createServer`, or for the requests of one that are under the handler's prefix. */
export function nodeListener(handler: QueryHandler): (request: Incoming, response: Outgoing) => void {
  return (incoming, outgoing) => {
    const ended = new AbortController();
    outgoing.on('close', () => ended.abort());
    const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
      (values ?? []).map((value): [string, string] => [name, value]),
    );
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'localhost'}`);
    const request = new Request(url, { method: incoming.method ?? 'GET', headers, signal: ended.signal });
    handler(request).then(
      async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(plainHeaders(response)));
        outgoing.end(Buffer.from(await response.arrayBuffer()));
      },
      () => outgoing.writeHead(500).end(),
    );
  };
}

/** What was decoded on the way here has another length now. */
function plainHeaders(response: Response): [string, string][] {
  return [...response.headers].filter(
    ([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name),
  );
}
