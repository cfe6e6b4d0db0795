/**
 * A process of the config service, over a database that runs elsewhere: `DATABASE_URL KEY_DIRECTORY APPLICATIONS`. Each
 * application writes to topics that begin with its name.
 *
 * It says once that it serves, with the tokens of the applications; changes a setting of all clients whenever it gets a
 * message, and says when that is committed; it stops when its channel closes.
 */
import { once } from 'node:events';
import { callContract } from '@millrace/api';
import { enrolApplicationContract } from '@millrace/api/config';
import { nodePlatform } from '@millrace/base';
import { openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import type { DeclaredChange } from '@millrace/fleet/record';
import { installedAuthentication, startServer } from '@millrace/server';

export interface ServiceServes {
  readonly url: string;
  /** Of applications `a0` and so on. */
  readonly tokens: readonly string[];
}

export interface SettingChanged {
  /** When it was asked for; ms since 1970. */
  readonly at: number;
}

const [url = '', keyDirectory = '', count = '1'] = process.argv.slice(2);
const report = (message: string): void => void process.stderr.write(`${message}\n`);
const reason = { principal: { kind: 'system', name: 'bench' }, why: 'to be measured' } as const;
const boundless = { perSecond: 1e9, burst: 1e9 };

await using database = await openDatabase({ url });
await using control = await openControlPlane({ database, platform: nodePlatform, report, keyDirectory });
const names = Array.from({ length: Number(count) }, (_, index) => `a${index}`);
await control.record.change(
  [
    { kind: 'team', id: 'team', spec: { name: 'team' } },
    { kind: 'cluster', id: 'east', spec: { name: 'east', bootstrap: '127.0.0.1:1' } },
    ...names.map((name): DeclaredChange => {
      const uses = [{ cluster: 'east', topic: `${name}-*`, role: 'producer' as const }];
      return { kind: 'application', id: name, spec: { name, team: 'team', uses } };
    }),
  ],
  reason,
);
const token = 'millrace_bench';
await using server = await startServer({
  port: 0,
  routes: control.routes,
  authentication: installedAuthentication(token, control.access, false),
  limits: { rates: { address: boundless, principal: boundless }, connectionsMax: 1e6 },
});
const tokens: string[] = [];
for (const name of names) {
  const input = { params: { name }, body: {} };
  tokens.push((await callContract(server.url, enrolApplicationContract, input, { token })).enrolment.token);
}
let changes = 0;
process.on('message', () => void change());
const closed = once(process, 'disconnect');
process.send?.({ url: server.url, tokens } satisfies ServiceServes);
await closed;

async function change(): Promise<void> {
  changes++;
  const at = Date.now();
  const spec = { name: 'all', set: { 'linger.ms': changes } };
  await control.record.change([{ kind: 'client_setting', id: 'all', spec }], reason);
  process.send?.({ at } satisfies SettingChanged);
}
