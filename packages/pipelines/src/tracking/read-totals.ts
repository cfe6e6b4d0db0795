/** Counts what a cluster's topic of events holds, once, with nothing running beside. */
import type { TrackingReport } from '@millrace/api';
import type { Client } from '@millrace/client';
import { type CounterOptions, EventCounter, type ReadProgress } from './event-counter.ts';
import { ensureTrackingTopic } from './topics.ts';
import type { TotalsOptions } from './view/tracking-view.ts';

export interface CountOptions extends CounterOptions {
  readonly client: Client;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

export interface ReadTotalsOptions extends CountOptions, TotalsOptions {}

/** Reads the whole topic, which is created where it is absent, and answers its totals. */
export async function readTotals(options: ReadTotalsOptions): Promise<TrackingReport> {
  await using counter = await countEvents(options);
  return { observedAt: new Date().toISOString(), complete: true, totals: counter.view.totals(options) };
}

/** Likewise for other questions. */
export async function countEvents(options: CountOptions): Promise<EventCounter> {
  const { client, signal, onProgress } = options;
  {
    await using admin = client.admin();
    await ensureTrackingTopic(admin, signal);
  }
  const counter = await EventCounter.open(options);
  await counter.toEnd(client, signal, onProgress);
  return counter;
}
