/**
 * A program that writes numbered records to all partitions of a topic, idempotently or not, and prints what was
 * acknowledged: `acked TOPIC BY PARTITION OFFSET COUNT FIRST`, FIRST being the number of the batch's first record.
 * Numbers count up in each partition, and keys say whose they are: `BY-NUMBER`. After SIGTERM it delivers what it has
 * and ends.
 */
import { createClient, text, topic } from '@millrace/client';
import { partitionCount } from './partition-count.ts';
import { proxiedPlatform, type Routes } from './proxied-network.ts';

export interface WriterSettings {
  readonly bootstrap: string;
  readonly routes: Routes;
  readonly topic: string;
  readonly by: string;
  readonly idempotent: boolean;
  readonly deliveryTimeoutMs: number;
  readonly recordsMax: number;
}

const WRITE_EVERY_MS = 20;

const settings = JSON.parse(process.argv[2] ?? '{}') as WriterSettings;
const target = topic(settings.topic, { key: text, value: text });
const client = createClient({
  bootstrap: settings.bootstrap,
  platform: proxiedPlatform(settings.routes),
  requestTimeoutMs: 2000,
  connectTimeoutMs: 2000,
  retryBackoffMs: 20,
  retryBackoffMaxMs: 300,
});
const producer = client.producer({
  idempotent: settings.idempotent,
  deliveryTimeoutMs: settings.deliveryTimeoutMs,
  batchBytesMax: 1500,
  onDelivery: ({ partition, baseOffset, recordCount, error, records }) => {
    if (error !== undefined) {
      process.stdout.write(`failed ${recordCount}\n`);
      return;
    }
    for (const { key } of records()) {
      const [by, first] = Buffer.from(key ?? '')
        .toString()
        .split('-');
      const place = `${partition} ${baseOffset} ${recordCount}`;
      process.stdout.write(`acked ${settings.topic} ${by} ${place} ${first}\n`);
      break;
    }
  },
});
let isOver = false;
process.once('SIGTERM', () => {
  isOver = true;
});
const numbers = Array.from({ length: partitionCount }, () => 0);
for (let count = 0; !isOver; ) {
  for (let n = 0; n < 10 && count < settings.recordsMax; n++, count++) {
    const partition = count % partitionCount;
    const number = numbers[partition] as number;
    numbers[partition] = number + 1;
    producer.write({ topic: target, key: `${settings.by}-${number}`, value: 'x'.repeat(20), partition });
  }
  await producer.ready();
  await new Promise((resolve) => setTimeout(resolve, WRITE_EVERY_MS));
}
await client.close();
