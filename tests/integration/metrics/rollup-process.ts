/**
 * A process of the aggregation, for `rollup-kills.test.ts`, which kills it. Arguments: bootstrap, directory of the
 * state.
 */
import { createClient } from '@millrace/client';
import { rollupRules, startRollups } from '@millrace/pipelines';
import { openOrderedStore } from '@millrace/store';

const [bootstrap = '', directory = ''] = process.argv.slice(2);
const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const job = await startRollups({
  client,
  rules: rollupRules({ rollups: [{ name: 'shop', metric: 'requests_total', by: ['route'] }] }),
  state: openOrderedStore({ directory, rebuildable: true }),
  latenessMs: 3_600_000,
  job: { sessionTimeoutMs: 1_500, heartbeatIntervalMs: 100, commitIntervalMs: 30, transactionTimeoutMs: 4_000 },
});
let commits = 0;
setInterval(() => {
  const now = job.metrics().commits;
  for (; commits < now; commits++) process.stdout.write('.');
}, 20);
await job.finished.catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
