/**
 * What runs at the far end of a link: a cluster of Apache Kafka, whoever fills it, and a plain source of bytes. Is told
 * by lines of JSON on standard input, each of which is answered by one; ends when that ends.
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { type KafkaCluster, startKafkaCluster } from '@millrace/engines';
import { findKafka } from '../../harness/kafka-broker.ts';
import { fill, type MirrorWorkload } from '../workload.ts';

export type FarCommand =
  | { readonly do: 'start'; readonly configuration: Readonly<Record<string, string>> }
  | { readonly do: 'fill'; readonly workload: MirrorWorkload }
  | { readonly do: 'stop' };

const host = process.argv[2] ?? '127.0.0.1';
const chunk = Buffer.alloc(1024 * 1024);
let cluster: KafkaCluster | undefined;

async function obey(command: FarCommand): Promise<object> {
  if (command.do === 'fill') {
    await fill(cluster?.bootstrap() ?? '', command.workload);
    return {};
  }
  await cluster?.close();
  cluster = undefined;
  if (command.do === 'stop') return {};
  const distribution = await findKafka(() => undefined);
  if (distribution === undefined) throw new Error('there is no Apache Kafka');
  const { configuration } = command;
  cluster = await startKafkaCluster({ distribution, jvm: 'default', name: 'far', host, configuration });
  return { bootstrap: cluster.bootstrap() };
}

/** Sends as much as the peer takes. */
const source = createServer((socket) => {
  const send = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', send);
  socket.on('error', () => socket.destroy());
  send();
});
source.on('error', (error) => {
  process.stderr.write(`the far end of the link: ${error.message}\n`);
  process.exit(1);
});
source.listen(0, host, () => {
  const address = source.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`);
});

// A keyboard's Ctrl-C goes to all processes; who began it ends it, in order.
process.on('SIGINT', () => undefined);
for await (const line of createInterface(process.stdin)) {
  const answer = await obey(JSON.parse(line) as FarCommand).catch((error: Error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await cluster?.close();
process.exit(0);
