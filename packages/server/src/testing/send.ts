/** HTTP requests in which everything, Host included, is the test's to choose, and raw bytes for what is no HTTP. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a test's answer
  readonly json: any;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Sends a request; a body given as a function is called to give its parts until it answers undefined, and sent in
 * chunks.
 */
export function send(
  target: Target,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Buffer | (() => Buffer | undefined),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host, port } = target;
    const request = httpRequest({ host, port, method, path, headers }, (response) => resolve(answerOf(response)));
    request.on('error', reject);
    if (typeof body !== 'function') return void request.end(body);
    const more = (): void => {
      for (let part = body(); part !== undefined; part = body()) {
        if (!request.write(part)) return void request.once('drain', more);
      }
      request.end();
    };
    more();
  });
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const isJson = /[/+]json\b/.test(response.headers['content-type'] ?? '');
  const json = isJson && text !== '' ? JSON.parse(text) : undefined;
  return { status: response.statusCode ?? 0, headers: response.headers, text, json };
}

/** Writes bytes as they are, and answers all that comes back until the server closes or `until` matches. */
export function sendRaw(target: Target, bytes: string, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(target.port, target.host, () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (until?.test(text)) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
