/**
 * A process of tracking, for tests that kill it: collector, job and view, with their state in a directory. Arguments:
 * bootstrap, the directory. Prints `{"url": ...}` when it serves.
 */
import { join } from 'node:path';
import { createClient } from '@millrace/client';
import { createCollector, startTracking } from '@millrace/pipelines';
import { type Authentication, startServer } from '@millrace/server';
import { openOrderedStore } from '@millrace/store';

const [bootstrap = '', directory = ''] = process.argv.slice(2);
const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
const stateOf = (name: string) => openOrderedStore({ directory: join(directory, name), rebuildable: true });
const tracking = await startTracking({
  client,
  state: { job: stateOf('job'), view: stateOf('view') },
  onFailure: (error) => process.stderr.write(`${error}\n`),
});
const collector = createCollector({ client });
const authentication: Authentication = {
  token: async () => undefined,
  anonymous: { kind: 'user', name: 'test', role: 'admin', teams: [] },
};
const routes = [...collector.routes, ...tracking.routes];
const server = await startServer({ port: 0, routes, authentication });
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
