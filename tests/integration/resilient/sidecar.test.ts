/** Programs that know an address and a secret, on a cluster that asks for SCRAM. */
import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AclBinding, unwrap } from '@millrace/client';
import { missing, runCommand } from '../../support/run-command.ts';
import { type SecuredFixture, startSecured } from '../client/secured-fixture.ts';
import { consumes, produces, type SidecarFixture, settingsOf, startSidecarFixture } from './sidecar-fixture.ts';

const skip = missing('kcat', 'apt-get install kcat');
const scram = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'SCRAM-SHA-512' };

/** A topic that `shop.a` alone may use, who logs in with SCRAM; programs have no part in that. */
async function startShop(t: TestContext): Promise<SidecarFixture & { secured: SecuredFixture; topic: string }> {
  const [secured, fixture] = [await startSecured(t), await startSidecarFixture(t)];
  const topic = 'orders';
  unwrap(await secured.admin.createTopics([{ topic, partitions: 2 }]));
  await issue(secured, 'shop.a', 'first');
  for (const want of [produces(topic), consumes(topic)]) {
    fixture.service.tell(want, {
      answer: {
        bootstrap: secured.bootstrap('SASL_PLAINTEXT'),
        settings: settingsOf({ ...scram, ...(want.role === 'consumer' ? { 'auto.offset.reset': 'earliest' } : {}) }),
        credential: { id: 'one', principal: 'User:shop.a' },
      },
      secret: { username: 'shop.a', password: 'first' },
    });
  }
  return { ...fixture, secured, topic };
}

async function issue({ admin }: SecuredFixture, user: string, password: string): Promise<void> {
  const whole = { principal: `User:${user}`, host: '*', operation: 'all', permission: 'allow' } as const;
  const acl = (resourceType: 'topic' | 'group'): AclBinding => ({
    ...whole,
    resourceType,
    resourceName: '*',
    patternType: 'literal',
  });
  unwrap(await admin.alterScramCredentials([{ user, mechanism: 'SCRAM-SHA-512', password }]));
  unwrap(await admin.createAcls([acl('topic'), acl('group')]));
}

test('kcat produces and consumes with the files that the sidecar wrote', { skip }, async (t) => {
  const { start, topic, directory } = await startShop(t);
  const sidecar = await start([produces(topic), consumes(topic)]);
  const kcat = (role: string, ...words: string[]) =>
    runCommand('kcat', ['-F', join(sidecar.programDirectory, `${role}-${topic}.librdkafka`), ...words]);
  await writeFile(join(directory, 'records'), 'one\ntwo\nthree\n');
  const produced = await kcat('producer', '-P', '-t', topic, '-l', join(directory, 'records'));
  assert.equal(produced.code, 0, produced.stderr);
  const consumed = await kcat('consumer', '-C', '-t', topic, '-e', '-o', 'beginning');
  assert.deepEqual(consumed.stdout.trim().split('\n').sort(), ['one', 'three', 'two'], consumed.stderr);
  const grouped = await kcat('consumer', '-G', 'billing', '-e', topic);
  assert.deepEqual(grouped.stdout.trim().split('\n').sort(), ['one', 'three', 'two'], grouped.stderr);
  assert.deepEqual(sidecar.status().groups, ['billing']);
  const { mode } = await stat(join(sidecar.programDirectory, 'secret'));
  assert.equal(mode & 0o777, 0o600);
});
