/** The pipeline of logs as a process, for tests that kill it. Arguments: bootstrap, the directory of its segments. */
import { createClient } from '@millrace/client';
import { startLogs } from '@millrace/pipelines';

const [bootstrap = '', directory = ''] = process.argv.slice(2);
const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const logs = await startLogs({ client, directory, commitMs: 50, sealMs: 200 });
setInterval(() => {
  if (logs.isComplete) process.stdout.write('.');
}, 20);
