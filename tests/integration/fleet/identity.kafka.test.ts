/** On Apache Kafka: credentials let a foreign client in, are rotated under its load, and are revoked at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueCredentialContract, revokeCredentialsContract } from '@millrace/api/fleet';
import { kafkaForTests } from '@millrace/engines/testing/apache-kafka';
import { startDatabaseFixture } from './database-fixture.ts';
import { startIdentityFixture } from './identity-fixture.ts';
import { loginOf, rotateUnderLoad } from './rotate-under-load.ts';
import { createTopic, foreignClient, send, startKafkaSite } from './secured-site.ts';

const kafka = await kafkaForTests();

test('credentials on Apache Kafka let a foreign client in, are rotated under its load and revoked at once', {
  skip: kafka.skip,
}, async () => {
  await using database = await startDatabaseFixture();
  await using site = await startKafkaSite('east', kafka);
  await using fleet = await startIdentityFixture(await database.emptyDatabase());
  await fleet.attach('east', site.admin);
  await fleet.declare('team', 'shop', { name: 'shop' });
  await createTopic(site, 'records');
  const uses = [{ cluster: 'east', topic: 'records', role: 'producer' as const, transactionalIds: ['load-*'] }];
  await fleet.declare('application', 'load', { name: 'load', team: 'shop', uses });
  const shown = await rotateUnderLoad(fleet, site, 'load', 'records');
  const nobody = { username: 'load.a', password: 'guess' };
  await assert.rejects(send(site, nobody, 'records'), /authentication|credentials/i);

  await fleet.declare('application', 'lost', { name: 'lost', team: 'shop', uses });
  const params = { name: 'lost' };
  const login = loginOf((await fleet.call(issueCredentialContract, { params, body: {} })).secret);
  const producer = foreignClient(site.bootstrap('SASL_PLAINTEXT'), login).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const sendOnce = () => producer.send({ topic: 'records', messages: [{ value: 'one' }] });
  await sendOnce();
  await fleet.done((await fleet.call(revokeCredentialsContract, { params, body: {} })).operation);
  await assert.rejects(sendOnce(), /authoriz/i);
  await producer.disconnect();
  const kept = await fleet.everythingKept();
  assert.ok(
    [...shown, login.password].every((secret) => !kept.includes(secret)),
    'a secret was kept',
  );
});
