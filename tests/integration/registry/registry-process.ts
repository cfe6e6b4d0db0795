/** A registry as a process of its own: its cluster is the first argument, and its URL the one message it sends. */
import { createClient } from '@millrace/client';
import { openRegistry, registryRoutes } from '@millrace/registry';
import { startServer } from '@millrace/server';

const registry = openRegistry({ home: createClient({ bootstrap: process.argv[2] as string }) });
const server = await startServer({ port: 0, routes: registryRoutes(registry) });
process.send?.(server.url);
