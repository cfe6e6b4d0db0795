/** The events of a contract that streams them, as they come; the same in a browser and in Node. */
import { MillraceError, messageOf } from '@millrace/base/millrace-error';
import type { Static } from 'typebox';
import { type CallInput, type CallOptions, ServerUnreachableError, sendCall } from './call-contract.ts';
import type { Contract, ServerSentEvent } from './contract.ts';

export interface FollowOptions extends CallOptions {
  /** Id of the last event that was seen. */
  readonly lastEventId?: string | undefined;
  /** Called whenever something came, comments included: what was silent for long may be dead. */
  readonly heard?: (() => void) | undefined;
}

/**
 * One connection's events; whoever wants more calls again with the id of the last. Ends when the server ends it.
 *
 * @throws ProblemError when the server answers with a problem, ServerUnreachableError when the connection breaks
 */
export async function* followContract<C extends Contract & { readonly kind: 'event-stream' }>(
  baseUrl: string,
  contract: C,
  input: CallInput<C>,
  options: FollowOptions = {},
): AsyncGenerator<ServerSentEvent<Static<C['response']>>> {
  const { lastEventId, heard, ...call } = options;
  const headers = { accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
  const answer = await sendCall(baseUrl, contract, input, call, headers);
  if (answer.body === null) return;
  let rest = '';
  try {
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      heard?.();
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = eventOf(block);
        if (event !== undefined) yield event as ServerSentEvent<Static<C['response']>>;
      }
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof MillraceError) throw error;
    throw new ServerUnreachableError(baseUrl, `the stream broke (${messageOf(error)})`, error);
  }
}

/** Undefined for a comment. */
function eventOf(block: string): ServerSentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { id: fields.get('id'), event: fields.get('event'), data: JSON.parse(data) as unknown };
}
