/** The platform's own database captured into the first cluster, while `up` runs. */
import { ClosingStack } from '@millrace/base';
import type { RunningFleet } from '@millrace/engines';

/** Without a URL there is nothing to capture. */
export async function capturePlatform(
  fleet: RunningFleet,
  url: string | undefined,
  warn: (message: string) => void,
): Promise<AsyncDisposable> {
  await using parts = new ClosingStack();
  const [home] = fleet.clusters;
  if (url !== undefined && home !== undefined) {
    const { createClient } = await import('@millrace/client');
    const { startDbsync } = await import('@millrace/pipelines');
    const client = parts.use(createClient({ clientId: 'millrace-dbsync', ...home.client, autoCreateTopics: false }));
    parts.use(startDbsync({ url, client, warn }));
  }
  const open = parts.move();
  return { [Symbol.asyncDispose]: () => open.close() };
}
