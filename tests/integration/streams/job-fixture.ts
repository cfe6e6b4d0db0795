import type { TestContext } from 'node:test';
import { type Client, int64, text, topic } from '@millrace/client';
import { type Job, type JobOptions, startJob, type Topology, topology } from '@millrace/streams';
import type { Fixture } from '../client/client-fixture.ts';

export const quickly = { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100, commitIntervalMs: 50 };

export async function start(
  t: TestContext,
  made: Topology,
  client: Client,
  options: Partial<JobOptions> = {},
): Promise<Job> {
  const job = await startJob(made, { client, ...quickly, ...options });
  t.after(() => job.close().catch(() => undefined));
  return job;
}

export async function write(fixture: Fixture, name: string, records: readonly (readonly [string | null, string])[]) {
  await using producer = fixture.client.producer();
  for (const [key, value] of records) {
    if (!producer.write({ topic: name, key, value })) await producer.ready();
  }
  await producer.flush();
}

/** The newest value of each key, as readers of committed records see them; and how many records there are in all. */
export async function newest(client: Client, name: string): Promise<{ values: Map<string, number>; count: number }> {
  const described = topic(name, { key: text, value: int64 });
  await using consumer = client.consumer({
    topics: [described],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  const values = new Map<string, number>();
  let count = 0;
  for await (const batch of consumer) {
    for (const { key, value } of batch) {
      values.set(key, value);
      count++;
    }
  }
  return { values, count };
}

export function wordCount(name: string, from: string, to: string): Topology {
  const made = topology(name);
  made
    .source(topic(from, { value: text }))
    .flatMap((line) => line.split(' '))
    .keyBy('by-word', (word) => word, { key: text, value: text })
    .count('words')
    .to(topic(to, { key: text, value: int64 }));
  return made;
}

export interface Letter {
  readonly key: string;
  readonly value: string;
  readonly timestamp: number;
  /** The empty string where there is none. */
  readonly header: (name: string) => string;
}

/** What was set aside, as readers of committed records see it. */
export async function letters(client: Client, aside: string): Promise<Letter[]> {
  const described = topic(aside, { key: text, value: text });
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [described], from: 'earliest', until: 'end', isolation });
  const found: Letter[] = [];
  for await (const batch of consumer) {
    for (const { key, value, timestamp, headers } of batch) {
      const told = new Map(headers.map((header) => [header.key, String(Buffer.from(header.value ?? []))]));
      found.push({ key, value, timestamp, header: (name) => told.get(name) ?? '' });
    }
  }
  return found;
}
