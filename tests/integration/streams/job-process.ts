/**
 * A process of a job, for `job-kills.test.ts`, which kills it: counts records by key over a repartition, and by key and
 * window. Arguments: bootstrap, input, counts, windows, the job's name, the directory of the state.
 */
import { createClient, int64, text, topic } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import { startJob, topology, tumbling } from '@millrace/streams';

const [bootstrap = '', from = '', counts = '', windows = '', name = '', directory = ''] = process.argv.slice(2);

const made = topology(name);
const keyed = made
  .source(topic(from, { key: text, value: text }))
  .keyBy('by-word', (word) => word, { key: text, value: text });
keyed.count('words').to(topic(counts, { key: text, value: int64 }));
made
  .source(topic(`${from}-timed`, { key: text, value: text }))
  .windowedBy(tumbling({ sizeMs: 50, graceMs: 20 }), { emit: 'close' })
  .count('by-window')
  .to(topic(windows, { key: text, value: int64 }), { key: (_, { key }) => `${key.key}@${key.start}` });

const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const job = await startJob(made, {
  client,
  state: openOrderedStore({ directory, rebuildable: true }),
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
