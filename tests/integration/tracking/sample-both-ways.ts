/** A made-up log both ways: the sessions are those of an oracle that sorts and cuts. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { sampleLog } from './access-log-sample.ts';
import { type BothWaysOptions, bothWays, type SessionFigures } from './both-ways.ts';

export async function sampleBothWays(t: TestContext, options: Omit<BothWaysOptions, 'file'>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-sample-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'sample.log');
  const { log, totals } = sampleLog(3_000, 7);
  await writeFile(file, log);
  const sessions = await bothWays(t, { ...options, file });
  const sum = (of: (session: SessionFigures) => number): number =>
    sessions.reduce((total, session) => total + of(session), 0);
  assert.deepEqual(
    {
      sessions: sessions.length,
      visits: sum(({ pageViews }) => (pageViews > 0 ? 1 : 0)),
      pageViews: sum(({ pageViews }) => pageViews),
      events: sum(({ events }) => events),
    },
    {
      sessions: totals.sessions,
      visits: totals.visits,
      pageViews: totals.pageViews,
      events: totals.requests - totals.automated,
    },
  );
}
