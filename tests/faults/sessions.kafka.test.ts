/**
 * What ends with time or by an operator's hand while clients run, on Apache Kafka: members' sessions, logins,
 * passwords, certificates.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { TlsIdentity } from '@millrace/base';
import { type SecurityOptions, unwrap } from '@millrace/client';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { eventually } from '../support/eventually.ts';
import type { HandledBatch } from './handled-batches.ts';
import { SecuredSite } from './secured-site.ts';
import { Traffic } from './traffic.ts';

const kafka = await kafkaForTests();
const WAIT_MS = 90_000;
const mechanism = 'SCRAM-SHA-512';

test('sessions and credentials on Apache Kafka', { skip: kafka.skip }, async (t) => {
  await using site = await SecuredSite.start(kafka);
  for (const protocol of ['classic', 'consumer'] as const) {
    await t.test(`a member that was away for too long comes back behind what others committed: ${protocol}`, () =>
      comesBack(site, protocol),
    );
    await t.test(`a static member that is started again disturbs nobody: ${protocol}`, () =>
      staticMember(site, protocol),
    );
  }
  await t.test('logins are renewed while records flow', (context) => renewedLogins(context, site));
  await t.test('a password is changed while records flow', () => changedPassword(site));
  await t.test("the broker's certificate is renewed while records flow", () => renewedCertificate(site));
});

/** A member is halted beyond its session; what others have committed meanwhile is not handled by it again. */
async function comesBack(site: SecuredSite, protocol: 'classic' | 'consumer'): Promise<void> {
  await using group = await site.group({ protocol });
  const first = group.start('first');
  group.start('second');
  const members = async (count: number): Promise<void> => {
    const areThere = async (): Promise<boolean> => (await group.memberIds()).length === count;
    await eventually(areThere, { timeoutMs: WAIT_MS, describe: () => `the group has not ${count} members` });
  };
  await members(2);
  await group.writeUntilBothHandle();
  const last = Math.max(...group.batches.map(({ generation }) => generation));
  first.pause();
  await members(1);
  const committed = await group.writeAndCommit(100);
  first.resume();
  await members(2);
  await group.writeUntilBothHandle();
  // What it had fetched it may handle again as the member that it was, and not as the one that it has become.
  const since = group.batches.filter(({ by, generation }) => by === 'first' && generation > last);
  assert.ok(since.length > 0);
  for (const { partition, firstOffset } of since) {
    assert.ok(firstOffset >= (committed.get(partition) ?? 0), `partition ${partition} again from ${firstOffset}`);
  }
}

/**
 * A member with an instance id ends and is started again within its session: the others learn nothing of it. One of a
 * classic group may be killed; by KIP-848 the name of one that did not say good-bye is its own until its session ends.
 */
async function staticMember(site: SecuredSite, protocol: 'classic' | 'consumer'): Promise<void> {
  await using group = await site.group({ protocol, sessionTimeoutMs: 60_000 });
  const first = group.start('first', 'instance-1');
  group.start('second', 'instance-2');
  await group.writeUntilBothHandle();
  await group.writeAndCommit(10);
  const before = await group.handOut(10);
  await (protocol === 'classic' ? first.kill() : first.stop());
  group.start('first', 'instance-1');
  await group.writeAndCommit(10);
  const after = await group.handOut(10);
  assert.deepEqual(shares(after), shares(before), 'each has the partitions that it had');
  const generations = (batches: readonly HandledBatch[]): number[] => [
    ...new Set(batches.filter(({ by }) => by === 'second').map(({ generation }) => generation)),
  ];
  assert.deepEqual(generations(after), generations(before));
}

/** Who handles which partitions. */
function shares(batches: readonly HandledBatch[]): string[] {
  return [...new Set(batches.map(({ by, partition }) => `${partition} by ${by}`))].sort();
}

/** Sessions of logins end (KIP-368) again and again; connections live on. */
async function renewedLogins(t: TestContext, site: SecuredSite): Promise<void> {
  let logins = 0;
  const events: string[] = [];
  const password = async (): Promise<string> => {
    logins += 1;
    return 'first';
  };
  const sasl = { mechanism: 'SCRAM-SHA-256', username: 'alice', password } as const;
  await using traffic = new Traffic(await site.connect('SASL_PLAINTEXT', { sasl }, events), await site.createTopic(1));
  await traffic.flows();
  const connections = logins;
  await eventually(() => logins >= 3 * connections, { timeoutMs: WAIT_MS });
  await traffic.flows();
  await traffic.end();
  t.diagnostic(
    `${logins} logins of ${connections} connections; ${events.filter((each) => /lost/.test(each)).length} lost`,
  );
}

/** Connections that are open live on; new ones need the new password, which a function hands out. */
async function changedPassword(site: SecuredSite): Promise<void> {
  let current = 'first';
  const login = (password: string | (() => Promise<string>)): SecurityOptions => ({
    sasl: { mechanism, username: 'alice', password },
  });
  const proxy = await site.proxy('SASL_PLAINTEXT');
  await using traffic = new Traffic(
    await site.connect(
      'SASL_PLAINTEXT',
      login(async () => current),
    ),
    await site.createTopic(1),
  );
  await using stubborn = await site.connect('SASL_PLAINTEXT', login('first'));
  await stubborn.admin().describeCluster();
  await traffic.flows();
  unwrap(await site.client.admin().alterScramCredentials([{ user: 'alice', mechanism, password: 'second' }]));
  await eventually(() => canLogIn(site, login('second')), { timeoutMs: WAIT_MS });
  await stubborn.admin().describeCluster();
  await traffic.flows();
  current = 'second';
  proxy.cut();
  await traffic.flows();
  await assert.rejects(stubborn.admin().describeCluster(), { code: 'authentication_failed' });
  await traffic.end();
}

async function canLogIn(site: SecuredSite, security: SecurityOptions): Promise<boolean> {
  await using client = await site.connect('SASL_PLAINTEXT', security);
  try {
    await client.admin().describeCluster();
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'authentication_failed') throw error;
    return false;
  }
}

/** The broker takes another certificate while it runs; who trusts the authority notices nothing. */
async function renewedCertificate(site: SecuredSite): Promise<void> {
  const ca = site.secured.security.authority;
  const own = await site.secured.certificate('CN=alice');
  await using traffic = new Traffic(await site.connect('SSL', { tls: { ca, ...own } }), await site.createTopic(1));
  await traffic.flows();
  const serial = await servedSerial(site, own);
  const { cert, key } = await site.secured.brokerCertificate();
  const file = join(dirname(site.cluster.brokers[0]?.logFile ?? ''), 'broker.pem');
  assert.match(await readFile(file, 'utf8'), /CERTIFICATE/);
  await writeFile(file, `${key}${cert}`);
  const changes = ['ssl', 'sasl_ssl'].map((listener) => ({
    name: `listener.name.${listener}.ssl.keystore.location`,
    operation: 'set' as const,
    value: file,
  }));
  unwrap(await site.client.admin().incrementalAlterConfigs([{ type: 'broker', name: '1', changes }]));
  await eventually(async () => (await servedSerial(site, own)) !== serial, { timeoutMs: WAIT_MS });
  await traffic.flows();
  (await site.proxy('SSL')).cut();
  await traffic.flows();
  await traffic.end();
}

/** Number of the certificate that new connections are shown. */
function servedSerial(site: SecuredSite, own: TlsIdentity): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: site.portOf('SSL'), ca: site.secured.security.authority, ...own };
    const socket = connectTls(options, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
