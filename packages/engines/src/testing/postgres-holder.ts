/** Starts a PostgreSQL in the directory it is given, says where, and waits to be killed. */
import { startPostgres } from '../postgres/start-postgres.ts';

const server = await startPostgres({ directory: process.argv[2] ?? '' });
process.stdout.write(`${JSON.stringify({ pid: server.pid, url: server.url })}\n`);
setInterval(() => undefined, 1000);
