/** Waits until what the source had at a position has gone all the way: captured into Kafka, and applied from there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client as KafkaClient, unwrap } from '@millrace/client';
import type { ApplyTarget } from '../applier/target.ts';
import { readProgress } from '../capture/progress.ts';
import type { Lsn } from '../replication/lsn.ts';

export interface PastParts {
  readonly kafka: KafkaClient;
  /** The name of the capture whose topics lie in this cluster. */
  readonly capture: string;
  readonly target: ApplyTarget;
  readonly signal: AbortSignal;
}

/** Rejects when the signal is aborted. */
export async function appliedPast({ kafka, capture, target, signal }: PastParts, lsn: Lsn): Promise<void> {
  while (((await readProgress(kafka, capture))?.lsn ?? 0n) < lsn) await sleep(200, undefined, { signal });
  await using admin = kafka.admin();
  const wanted = (await target.positions()).map(({ topic, partition }) => ({
    topic,
    partition,
    at: 'latest' as const,
  }));
  const ends = unwrap(await admin.listOffsets(wanted));
  for (;;) {
    const positions = await target.positions();
    const isBehind = ends.some(({ topic, partition, offset }) =>
      positions.some((each) => each.topic === topic && each.partition === partition && each.offset < offset),
    );
    if (!isBehind) return;
    await sleep(200, undefined, { signal });
  }
}
