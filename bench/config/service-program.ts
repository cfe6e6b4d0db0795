/**
 * A process of the config service, over a database that runs elsewhere: `DATABASE_URL KEY_DIRECTORY APPLICATIONS`. Each
 * application writes to topics that begin with its name. One more, `sealed`, logs in with a password, which is issued
 * on an embedded cluster that this process runs.
 *
 * It says once that it serves, with the tokens of the applications; it does what a message asks for, and says when that
 * was begun: it changes a setting of all clients, or rotates the password of `sealed`; it stops when its channel
 * closes.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { callContract } from '@millrace/api';
import { enrolApplicationContract } from '@millrace/api/config';
import { confirmCredentialContract, issueCredentialContract, rotateCredentialContract } from '@millrace/api/fleet';
import { nodePlatform } from '@millrace/base';
import { startCluster } from '@millrace/broker';
import { openControlPlane } from '@millrace/fleet/control-plane';
import { openDatabase } from '@millrace/fleet/database';
import type { DeclaredChange } from '@millrace/fleet/record';
import { installedAuthentication, startServer } from '@millrace/server';

export interface ServiceServes {
  readonly url: string;
  /** Of applications `a0` and so on. */
  readonly tokens: readonly string[];
  /** Of application `sealed`. */
  readonly sealedToken: string;
}

/** What it is asked for. */
export interface ServiceWork {
  /** Stands in its answer. */
  readonly id: number;
  readonly what: 'change' | 'rotate';
}

export interface WorkBegun {
  readonly id: number;
  /** When it was asked for; ms since 1970. */
  readonly at: number;
}

const [url = '', keyDirectory = '', count = '1'] = process.argv.slice(2);
const report = (message: string): void => void process.stderr.write(`${message}\n`);
const reason = { principal: { kind: 'system', name: 'bench' }, why: 'to be measured' } as const;
const application = 'sealed';
const boundless = { perSecond: 1e9, burst: 1e9 };

await using database = await openDatabase({ url });
await using secured = await startCluster({
  name: 'secured',
  dataDirectory: join(keyDirectory, '..', 'secured'),
  brokers: [{ nodeId: 1, port: 0 }],
  security: { allowAnonymous: true },
  configuration: {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  },
});
const ownClusters = new Map([['secured', { bootstrap: secured.bootstrap }]]);
await using control = await openControlPlane({ database, platform: nodePlatform, report, keyDirectory, ownClusters });
const names = Array.from({ length: Number(count) }, (_, index) => `a${index}`);
await control.record.change(
  [
    { kind: 'team', id: 'team', spec: { name: 'team' } },
    { kind: 'cluster', id: 'east', spec: { name: 'east', bootstrap: '127.0.0.1:1' } },
    {
      kind: 'cluster',
      id: 'secured',
      spec: { name: 'secured', bootstrap: secured.bootstrap, client: { 'security.protocol': 'SASL_PLAINTEXT' } },
    },
    {
      kind: 'application',
      id: application,
      spec: { name: application, team: 'team', uses: [{ cluster: 'secured', topic: 'sealed-*', role: 'producer' }] },
    },
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
  limits: { rates: { address: boundless, principal: boundless, anybody: boundless }, connectionsMax: 1e6 },
});
const params = { name: application };
const enrol = async (name: string): Promise<string> => {
  const { enrolment } = await callContract(
    server.url,
    enrolApplicationContract,
    { params: { name }, body: {} },
    { token },
  );
  return enrolment.token;
};
const tokens: string[] = [];
for (const name of names) tokens.push(await enrol(name));
const sealedToken = await enrol(application);
await callContract(server.url, issueCredentialContract, { params, body: {} }, { token });
let changes = 0;
process.on('message', ({ id, what }: ServiceWork) => void (what === 'change' ? change(id) : rotate(id)));
const closed = once(process, 'disconnect');
process.send?.({ url: server.url, tokens, sealedToken } satisfies ServiceServes);
await closed;

async function change(id: number): Promise<void> {
  changes++;
  const at = Date.now();
  const spec = { name: 'all', set: { 'linger.ms': changes } };
  await control.record.change([{ kind: 'client_setting', id: 'all', spec }], reason);
  process.send?.({ id, at } satisfies WorkBegun);
}

async function rotate(id: number): Promise<void> {
  const at = Date.now();
  const { credential } = await callContract(server.url, rotateCredentialContract, { params, body: {} }, { token });
  process.send?.({ id, at } satisfies WorkBegun);
  // So that there may be another: nobody uses the old one.
  const confirmed = { params: { ...params, id: credential.id }, body: {} };
  await callContract(server.url, confirmCredentialContract, confirmed, { token });
}
