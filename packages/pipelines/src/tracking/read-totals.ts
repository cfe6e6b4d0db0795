/** Counts what a cluster's topic holds, once, with nothing running beside. */
import type { TrackingReport } from '@millrace/api';
import type { Client } from '@millrace/client';
import { Tally, type TotalsOptions } from './tally.ts';
import { ensureTrackingTopic } from './topic.ts';
import { type ReadProgress, TopicReader } from './topic-reader.ts';

export interface ReadTotalsOptions extends TotalsOptions {
  readonly client: Client;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

/** Reads the whole topic, which is created where it is absent, and answers its totals. */
export async function readTotals(options: ReadTotalsOptions): Promise<TrackingReport> {
  const { client, signal, onProgress } = options;
  {
    await using admin = client.admin();
    await ensureTrackingTopic(admin, signal);
  }
  const tally = new Tally();
  await new TopicReader(client, tally).toEnd(signal, onProgress);
  return { observedAt: new Date().toISOString(), complete: true, totals: tally.totals(options) };
}
