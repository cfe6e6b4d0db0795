/**
 * A process of a job that counts, to be killed. Arguments: bootstrap, the job's name, input, output, options as JSON.
 * Prints its metrics as lines of JSON.
 */
import { createClient } from '@millrace/client';
import { startJob } from '@millrace/streams';
import { counting } from './counting-topology.ts';

const [bootstrap = '', name = '', from = '', to = '', options = '{}'] = process.argv.slice(2);

const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const job = await startJob(counting(name, from, to), { client, ...JSON.parse(options) });
setInterval(() => process.stdout.write(`${JSON.stringify(job.metrics())}\n`), 50);
await job.finished.catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
