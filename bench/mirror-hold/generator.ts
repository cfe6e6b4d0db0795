/**
 * Writes records for a time, at an even rate or as quickly as they are copied, as a process of its own:
 * `generator.ts LOAD-AS-JSON`. Ends once all of them are acknowledged.
 */
import { setImmediate as afterIo, setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@millrace/client';
import { eventsOf } from '../mirror/events.ts';
import type { Copied, Load, Written } from './load.ts';

const load = JSON.parse(process.argv[2] ?? '{}') as Load;
/** What is due is written so often. */
const tickMs = 5;
/** After so many records what was written is sent, and what came back is heard, however much is due. */
const recordsPerTurn = 4096;

let [sent, acknowledged, copied] = [0, 0, 0];
process.on('message', (message: Copied) => {
  copied = message.copied;
});
await using client = createClient({ bootstrap: load.bootstrap });
await using producer = client.producer({
  compression: load.compression,
  lingerMs: 5,
  batchBytesMax: 1_000_000,
  onDelivery: ({ recordCount, error }) => {
    if (error !== undefined) throw error;
    acknowledged += recordCount;
  },
});
const values = eventsOf(load.recordBytes).map((value) => Buffer.from(value));
const tell = (): void => void process.send?.({ sent, acknowledged } satisfies Written);
const telling = setInterval(tell, 1000);
const began = performance.now();
for (let seconds = 0; seconds < load.seconds; ) {
  seconds = Math.min(load.seconds, (performance.now() - began) / 1000);
  const due =
    load.recordsPerSecond === undefined ? copied + load.aheadMax : Math.floor(seconds * load.recordsPerSecond);
  for (; sent < due; sent++) {
    const value = values[sent % values.length] as Buffer;
    if (!producer.write({ topic: load.topic, partition: sent % load.partitions, value })) await producer.ready();
    if (sent % recordsPerTurn === 0) await afterIo();
  }
  await sleep(tickMs);
}
await producer.flush();
clearInterval(telling);
tell();
process.disconnect?.();
