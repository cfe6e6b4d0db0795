import { createReadStream } from 'node:fs';
import { MillraceError, messageOf } from '@millrace/base';
import { type Call, command } from '../framework/command.ts';
import { counted } from '../framework/table.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

/** In one call. */
const linesMax = 5_000;
const lineCharactersMax = 10_000;
const chunkBytes = 2 ** 20;
/** Lines without it are none of the authorizer's. */
const marker = 'Principal = ';

/** The log can't be read. */
class LogUnreadableError extends MillraceError {
  readonly code = 'log_unreadable';
}

export const clusterObserve = command({
  name: 'cluster observe',
  summary: "Tell the inventory who uses topics, from a broker's authorizer log",
  description:
    "Kafka's protocol does not tell who produces; the log that brokers write as kafka.authorizer.logger does, with " +
    'its level on DEBUG. Lines that are told again change nothing.',
  operands: [
    { name: 'CLUSTER', help: 'whose log it is' },
    { name: 'FILE', help: 'the log; - for stdin' },
  ],
  options: serverOptions,
  examples: [
    { command: 'millrace cluster observe east kafka-authorizer.log', does: 'Take in a log' },
    { command: 'tail -F kafka-authorizer.log | millrace cluster observe east -', does: 'Follow it' },
  ],
  async run(call: Call<typeof serverOptions>) {
    const { operands, terminal } = call;
    const [cluster = '', file = ''] = operands;
    let count = 0;
    for await (const lines of batches(file, terminal.signal)) count += (await tell(call, cluster, lines)).lines;
    if (terminal.json) terminal.output.json({ cluster, lines: count });
    else terminal.output.line(`Took in ${counted(count, 'line')} of the authorizer.`);
    return undefined;
  },
});

async function tell({ options, terminal }: Call<typeof serverOptions>, name: string, lines: string[]) {
  const { readAuthorizerLogContract } = await import('@millrace/api/fleet');
  return await callServer(options, readAuthorizerLogContract, { params: { name }, body: { lines } }, terminal);
}

/** Lines of the authorizer, as many at once as have come. */
async function* batches(file: string, signal: AbortSignal): AsyncGenerator<string[]> {
  const input = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: chunkBytes, signal });
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
      rest = (lines.pop() ?? '').slice(0, lineCharactersMax);
      yield* authorizerLines(lines);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new LogUnreadableError(`${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
  yield* authorizerLines([rest]);
}

function* authorizerLines(lines: readonly string[]): Generator<string[]> {
  const wanted = lines.filter((line) => line.includes(marker) && line.length <= lineCharactersMax);
  for (let at = 0; at < wanted.length; at += linesMax) yield wanted.slice(at, at + linesMax);
}
