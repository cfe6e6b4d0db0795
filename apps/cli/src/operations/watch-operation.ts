/**
 * Follows an operation to its end: woken by the stream of events, and asking every few seconds should that be away. The
 * operation does not notice; who stops watching leaves it as it is.
 */
import { callContract, followContract } from '@millrace/api';
import {
  eventsContract,
  eventsShownMax,
  getOperationContract,
  type OperationEvent,
  type OperationView,
} from '@millrace/api/fleet';
import { isMillraceError, sleep, systemTimers } from '@millrace/base';
import { type ExitCode, exitCodes } from '../framework/exit-codes.ts';
import type { Terminal } from '../framework/terminal.ts';
import type { FoundServer } from '../server/find-server.ts';
import { wholeOperation } from './all-steps.ts';
import { eventLine, outcomeLine } from './operation-text.ts';

const askMs = 3_000;
const ends = new Set<OperationView['state']>(['done', 'failed', 'cancelled']);

/** Prints its events as they come, and what became of it. Answers `failed` unless it is done. */
export async function watchOperation(
  server: FoundServer,
  id: string,
  terminal: Terminal,
): Promise<ExitCode | undefined> {
  const { signal, json, output } = terminal;
  const show = (event: OperationEvent): void => {
    if (json) output.json(event);
    else output.line(eventLine(event));
  };
  const operation = await followOperation(server, id, show, signal);
  if (json) output.json(await wholeOperation(server, id, signal));
  else output.line(outcomeLine(operation));
  return operation.state === 'done' ? undefined : exitCodes.failed;
}

/** Answers it when it has ended; tells of all its events, each once. */
async function followOperation(
  { url, token }: FoundServer,
  id: string,
  onEvent: (event: OperationEvent) => void,
  signal: AbortSignal,
): Promise<OperationView> {
  const stop = new AbortController();
  const following = AbortSignal.any([signal, stop.signal]);
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const stream = follow({ url, token }, id, wake, following);
  signal.addEventListener('abort', wake, { once: true });
  let eventsAfter = 0;
  try {
    for (;;) {
      const input = { params: { id }, query: { steps: 0, eventsAfter } };
      const operation = await callContract(url, getOperationContract, input, { token, signal });
      for (const event of operation.events) onEvent(event);
      eventsAfter = operation.events.at(-1)?.seq ?? eventsAfter;
      // There are more.
      if (operation.events.length >= eventsShownMax) continue;
      if (ends.has(operation.state)) return operation;
      const timer = systemTimers.after(askMs, wake);
      await changed.promise;
      timer.cancel();
      signal.throwIfAborted();
      changed = Promise.withResolvers();
    }
  } finally {
    signal.removeEventListener('abort', wake);
    stop.abort();
    await stream;
  }
}

/** Calls back at each event of the operation, over as many connections as it takes. */
async function follow(
  { url, token }: FoundServer,
  id: string,
  onEvent: () => void,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId: string | undefined;
  while (!signal.aborted) {
    try {
      for await (const event of followContract(url, eventsContract, {}, { token, signal, lastEventId })) {
        lastEventId = event.id;
        const { data } = event;
        if (!('kind' in data) || (data.kind === 'operation' && data.id === id)) onEvent();
      }
    } catch (error) {
      if (signal.aborted) return;
      // While the stream is away the operation is asked for instead, which tells what is wrong.
      if (!isMillraceError(error)) throw error;
    }
    await sleep(systemTimers, askMs, signal).catch(() => undefined);
  }
}
