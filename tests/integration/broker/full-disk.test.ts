/** A broker on a disk that is full: a file system of 8 MiB in memory, which only root may mount. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient, type Producer } from '@millrace/client';
import type { KafkaError } from '@millrace/wire';
import { BrokerProcess } from '../../support/millrace-process.ts';

let folder: string;
let skip: string | false = false;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-full-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
  if (mounted.status !== 0) skip = 'needs root on Linux, to mount a small file system';
});
after(async () => {
  if (!skip) spawnSync('umount', [folder]);
  await rm(folder, { recursive: true, force: true });
});

test('a full disk refuses records by name, keeps what it acknowledged, and serves on when there is room', async (t) => {
  if (skip) return t.skip(skip);
  const dataDirectory = join(folder, 'data');
  await mkdir(dataDirectory);
  const acknowledged: string[] = [];
  {
    await using broker = await BrokerProcess.start({ dataDirectory });
    await using client = createClient({ bootstrap: broker.bootstrap });
    await client.admin().createTopics([{ topic: 'filled', partitions: 1 }]);
    // Long enough for one attempt to be answered on a machine that has much else to do.
    await using producer = client.producer({ deliveryTimeoutMs: 3000, idempotent: false });
    const failure = await fill(producer, acknowledged);
    assert.match(failure.message, /KAFKA_STORAGE_ERROR/);
    assert.equal((failure.cause as KafkaError).errorName, 'KAFKA_STORAGE_ERROR');
    assert.ok(acknowledged.length > 10, 'records were acknowledged before the disk was full');
    assert.equal(broker.child.exitCode, null, 'the broker goes on');
    assert.deepEqual(await readAll(broker.bootstrap), acknowledged);
    // Somebody makes room.
    spawnSync('mount', ['-o', 'remount,size=32m', folder]);
    await producer.send({ topic: 'filled', value: 'after' });
    acknowledged.push('after');
  }
  await using again = await BrokerProcess.start({ dataDirectory });
  assert.deepEqual(await readAll(again.bootstrap), acknowledged);
});

test('a broker that finds no room at start says so in one sentence', async (t) => {
  if (skip) return t.skip(skip);
  spawnSync('mount', ['-o', 'remount,size=32m', folder]);
  await writeFile(join(folder, 'ballast'), Buffer.alloc(64 * 1024 * 1024)).catch((error: NodeJS.ErrnoException) => {
    assert.equal(error.code, 'ENOSPC');
  });
  await assert.rejects(
    BrokerProcess.start({ dataDirectory: join(folder, 'late') }),
    /the disk is full; free some space/,
  );
});

/** Sends records of 64 KiB until one fails, and answers why it did. */
async function fill(producer: Producer, acknowledged: string[]): Promise<Error> {
  for (let index = 0; index < 1000; index++) {
    const value = `${index} ${'x'.repeat(64 * 1024)}`;
    try {
      await producer.send({ topic: 'filled', value });
    } catch (error) {
      return error as Error;
    }
    acknowledged.push(value);
  }
  throw new Error('the disk never filled');
}

async function readAll(bootstrap: string): Promise<string[]> {
  await using client = createClient({ bootstrap });
  await using consumer = client.consumer({ topics: ['filled'], from: 'earliest', until: 'end' });
  const values: string[] = [];
  for await (const batch of consumer) {
    for (const record of batch) values.push(Buffer.from(record.value ?? []).toString());
  }
  return values;
}
