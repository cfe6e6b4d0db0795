/** The collector of logs as a process, for tests that kill it. Arguments: bootstrap, port, directory. */
import { createClient } from '@millrace/client';
import { startLogs } from '@millrace/pipelines';
import { startServer } from '@millrace/server';

const [bootstrap = '', port = '', directory = ''] = process.argv.slice(2);
const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const logs = await startLogs({ client, name: 'collector', directory });
const server = await startServer({ port: Number(port), routes: logs.collectorRoutes });
process.stdout.write(`${server.port}\n`);
