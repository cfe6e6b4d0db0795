/** Reads the topic that a capture writes, and says when rows are there to be read. */
import { createClient } from '@millrace/client';

export interface Arrivals {
  /** When the first and the last of the rows were read, in ms of this process's clock. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** By row: when it was read. Only those that are asked for. */
  readonly at: ReadonlyMap<number, number>;
}

const waitMsMax = 300_000;

/** Waits until the rows `from` to `to` have been read by a reader of committed records. */
export async function untilRead(
  bootstrap: string,
  topic: string,
  { from, to, isEach }: { readonly from: number; readonly to: number; readonly isEach: boolean },
): Promise<Arrivals> {
  await using client = createClient({ bootstrap });
  await using admin = client.admin();
  const signal = AbortSignal.timeout(waitMsMax);
  while ((await admin.listTopics()).every((listed) => listed.topic !== topic)) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await using consumer = client.consumer({ topics: [topic], from: 'earliest', isolation: 'read_committed' });
  const at = new Map<number, number>();
  let [firstMs, lastMs, left] = [0, 0, to - from + 1];
  for await (const batch of consumer) {
    const now = performance.now();
    for (const { keyBytes, valueBytes } of batch) {
      if (keyBytes === null || valueBytes === null) continue;
      const id = Number(/\d+/.exec(Buffer.from(keyBytes).toString('latin1'))?.[0]);
      if (id < from || id > to) continue;
      if (firstMs === 0) firstMs = now;
      lastMs = now;
      if (isEach) at.set(id, now);
      left--;
    }
    if (left <= 0) break;
    signal.throwIfAborted();
  }
  return { firstMs, lastMs, at };
}
