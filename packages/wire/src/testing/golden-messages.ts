/**
 * Messages as Kafka's own classes wrote them, from `golden-messages.jsonl`: every API, direction and version; each once
 * with every field other than its default, once with the defaults of all fields, and once with nulls.
 */
import { readFileSync } from 'node:fs';
import { apis } from '../apis.ts';
import type { Api } from '../schema.ts';
import type { Kind, Values } from './message-values.ts';

/** One line of the file; a field that `fields` lacks held its default. */
export interface GoldenLine {
  readonly message: string;
  readonly version: number;
  readonly fields: Values;
  /** Hex: a whole frame without its length. */
  readonly frame: string;
}

/** A request or response. */
export interface GoldenMessage extends GoldenLine {
  readonly api: Api;
  readonly kind: Kind;
}

/** The header's values in every frame. */
export const goldenHeader = { correlationId: 0x01020304, clientId: 'golden' };

/** All lines, those of messages that are no API's included. */
export function goldenLines(): GoldenLine[] {
  const text = readFileSync(new URL('golden-messages.jsonl', import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** All requests and responses. */
export function goldenMessages(): GoldenMessage[] {
  return goldenLines().flatMap((line) => {
    const kind = line.message.endsWith('Request') ? 'request' : 'response';
    const api = apis.find(({ name }) => `${name}${kind === 'request' ? 'Request' : 'Response'}` === line.message);
    return api === undefined ? [] : [{ ...line, api, kind }];
  });
}
