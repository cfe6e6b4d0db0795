/**
 * Events that `millrace up` has acknowledged are in the topic after a `kill -9`, and the totals count to what they
 * were.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { callContract, type TrackingTotals, trackingTotalsContract } from '@millrace/api';
import { isMillraceError, seededRandomness } from '@millrace/base';
import { createClient } from '@millrace/client';
import { trackingEvents } from '@millrace/pipelines';
import { eventually } from '../../support/eventually.ts';
import { Server } from '../../support/millrace-command.ts';
import { passableDirectory } from '../../support/passable-directory.ts';

const rounds = Math.max(2, Math.ceil(5 * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1)));

/** Posts batches until it is told to stop; adds the ids of events that were acknowledged. */
async function postUntil(
  stop: AbortSignal,
  collectorUrl: string,
  name: string,
  acknowledged: Set<string>,
): Promise<void> {
  for (let count = 0; !stop.aborted; count++) {
    const batch = Array.from({ length: 5 }, (_, index) => ({
      type: 'page',
      messageId: `${name}-${count}-${index}`,
      anonymousId: `${name}-${count % 7}`,
      site: 'crash',
      context: {
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        page: { path: `/${index}` },
      },
    }));
    try {
      const answer = await fetch(`${collectorUrl}/t`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ batch }),
      });
      if (answer.status === 200) for (const { messageId } of batch) acknowledged.add(messageId);
    } catch (error) {
      // The platform was killed under the request.
      assert.ok(error instanceof TypeError);
    }
  }
}

async function totalsOf(up: Server): Promise<TrackingTotals> {
  let totals: TrackingTotals | undefined;
  await eventually(async () => {
    try {
      const report = await callContract(`${up.ready.url}`, trackingTotalsContract, { query: {} });
      totals = report.totals;
      return report.complete;
    } catch (error) {
      // It says so while it is starting.
      if (!isMillraceError(error, 'unavailable')) throw error;
      return false;
    }
  });
  assert.ok(totals);
  return totals;
}

test('what was acknowledged survives kill -9, and totals are the same after it', async () => {
  const directory = await passableDirectory('millrace-up-crash-');
  const seed = Date.now() % 1_000_000;
  const randomness = seededRandomness(seed);
  const acknowledged = new Set<string>();
  try {
    for (let round = 0; round < rounds; round++) {
      await using up = await Server.start('up', { directory });
      const stop = new AbortController();
      const posting = [0, 1, 2].map((who) =>
        postUntil(stop.signal, `${up.ready.collectorUrl}`, `${round}-${who}`, acknowledged),
      );
      await new Promise((resolve) => setTimeout(resolve, 300 + randomness.integer(700)));
      await up.stop('SIGKILL');
      stop.abort();
      await Promise.all(posting);
    }
    assert.ok(acknowledged.size > 0, `seed ${seed}: nothing was acknowledged`);
    await using up = await Server.start('up', { directory });
    const before = await totalsOf(up);
    const ids = await idsInTopic(up.ready.clusters[0]?.bootstrap ?? '');
    const missing = [...acknowledged].filter((id) => !ids.has(id));
    assert.deepEqual(missing, [], `seed ${seed}: ${missing.length} of ${acknowledged.size} events are gone`);
    assert.equal(before.events, ids.size);
    await up.stop('SIGKILL');
    await using again = await Server.start('up', { directory });
    assert.deepEqual(await totalsOf(again), before);
    const { code, stderr } = await again.stop('SIGTERM');
    assert.equal(code, 0, stderr);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

async function idsInTopic(bootstrap: string): Promise<Set<string>> {
  await using client = createClient({ bootstrap });
  const consumer = client.consumer({ topics: [trackingEvents], from: 'earliest', until: 'end' });
  const ids = new Set<string>();
  for await (const batch of consumer) {
    for (const { value } of batch) if (!('unreadable' in value)) ids.add(value.messageId);
  }
  return ids;
}
