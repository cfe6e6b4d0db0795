/** Two pipelines on one cluster share the cleaning, and each answers for all events. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCollector, startTracking } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { startFixture, until } from '../client/client-fixture.ts';

test('two that run tracking on one cluster come to the same figures, also when one of them ends', async (t) => {
  const { client, connect } = await startFixture(t);
  const [first, second] = [await startTracking({ client }), await startTracking({ client: connect() })];
  const collector = createCollector({ client });
  const server = await startServer({ port: 0, routes: collector.routes });
  t.after(async () => {
    for (const part of [server, collector, first, second]) await part.close();
  });
  const send = async (from: number): Promise<void> => {
    const batch = Array.from({ length: 200 }, (_, n) => ({
      ...{ type: 'page', messageId: `m-${from + n}`, anonymousId: `v-${(from + n) % 40}`, site: 'shop' },
      timestamp: new Date(Date.UTC(2026, 0, 1) + (from + n) * 1_000).toISOString(),
    }));
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ batch }) };
    assert.equal((await fetch(`${server.url}/t`, init)).status, 200);
  };
  const totals = (tracking: typeof first) => tracking.report().totals;
  await send(0);
  await send(100);
  await until(() => totals(first).events === 300 && totals(second).events === 300, 60_000);
  assert.deepEqual(totals(first), totals(second));
  await first.close();
  await send(300);
  await until(() => totals(second).events === 500, 60_000);
  assert.deepEqual([totals(second).visitors, totals(second).sessions], [40, 40]);
});
