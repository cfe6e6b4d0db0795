/**
 * A process of the config service for tests that kill it: `DATABASE_URL KEY_DIRECTORY PORT TOKEN`. It says once where
 * it serves, and sets `linger.ms` of all clients to each number that it is sent.
 */
import { once } from 'node:events';
import { nodePlatform } from '@millrace/base';
import { openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import { installedAuthentication, startServer } from '@millrace/server';

const [url = '', keyDirectory = '', port = '0', token = ''] = process.argv.slice(2);
const report = (message: string): void => void process.stderr.write(`${message}\n`);
const reason = { principal: { kind: 'user', name: 'root' }, why: 'as the test has it' } as const;
const boundless = { perSecond: 1e9, burst: 1e9 };

await using database = await openDatabase({ url, report });
await using plane = await openControlPlane({ database, platform: nodePlatform, report, keyDirectory });
await using server = await startServer({
  port: Number(port),
  routes: plane.routes,
  authentication: installedAuthentication(token, plane.access, false),
  limits: { rates: { address: boundless, principal: boundless, anybody: boundless } },
});
process.on('message', (linger) => {
  const spec = { name: 'all', set: { 'linger.ms': Number(linger) } };
  void plane.record.change([{ kind: 'client_setting', id: 'all', spec }], reason);
});
const closed = once(process, 'disconnect');
process.send?.(server.url);
await closed;
