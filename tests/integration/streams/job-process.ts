/**
 * A process of a job, for `job-kills.ts`, which kills it. Arguments: bootstrap, the job's name, words, timed, counts,
 * windows, the replication factor, the directory of the state.
 */
import { createClient } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import { startJob } from '@millrace/streams';
import { countsAndWindows } from '@millrace/streams/testing/exactly-once';

const [bootstrap = '', name = '', words = '', timed = '', counts = '', windows = '', replicas = '1', directory = ''] =
  process.argv.slice(2);

const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const job = await startJob(countsAndWindows(name, { words, timed, counts, windows }), {
  client,
  state: openOrderedStore({ directory, rebuildable: true }),
  replicationFactor: Number(replicas),
  ...{ sessionTimeoutMs: 1_500, heartbeatIntervalMs: 100, commitIntervalMs: 30, transactionTimeoutMs: 4_000 },
  report: ({ level, message }) => level !== 'info' && process.env['MILLRACE_TEST_LOG'] && console.error(message),
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
