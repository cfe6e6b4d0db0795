/** Writes server-sent events (WHATWG HTML, section 9.2) to a response, no faster than the client reads them. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ServerSentEvent } from '@millrace/api';

export interface EventStreamOptions {
  readonly heartbeatMs: number;
  readonly signal: AbortSignal;
}

/** Writes events until they end or the signal aborts, then ends the response. */
export async function writeEventStream(
  response: ServerResponse,
  events: AsyncIterable<ServerSentEvent>,
  options: EventStreamOptions,
): Promise<void> {
  const { signal } = options;
  response.flushHeaders();
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(': alive\n\n');
  }, options.heartbeatMs);
  try {
    for await (const event of events) {
      if (signal.aborted) break;
      if (!response.write(eventText(event))) await once(response, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    // Who reads nothing would hold up the end.
    if (signal.aborted && response.writableNeedDrain) response.destroy();
    else response.end();
  }
}

/** One event as text. JSON has no raw line breaks, so one data line is enough. */
export function eventText(event: ServerSentEvent): string {
  const name = event.event === undefined ? '' : `event: ${event.event}\n`;
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `${name}${id}data: ${JSON.stringify(event.data)}\n\n`;
}
