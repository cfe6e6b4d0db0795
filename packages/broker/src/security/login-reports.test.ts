import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '@millrace/wire';
import { ClusterFixture } from '../testing/cluster-fixture.ts';
import { login } from '../testing/sasl-login.ts';

test('peers that go on failing to log in do not fill the log of the operator', async () => {
  await using fixture = await ClusterFixture.start({
    configuration: {
      listeners: 'SASL_PLAINTEXT://127.0.0.1:0',
      'sasl.enabled.mechanisms': 'PLAIN',
      'connection.failed.authentication.delay.ms': '500',
    },
    security: { plainUsers: { alice: 'secret' } },
  });
  const attempts = Array.from({ length: 200 }, async () => {
    using peer = await fixture.connect('SASL_PLAINTEXT');
    return (await login(peer, { mechanism: 'PLAIN', username: 'alice', password: 'wrong' })).errorCode;
  });
  assert.deepEqual([...new Set(await Promise.all(attempts))], [errorCodes.SASL_AUTHENTICATION_FAILED]);
  const told = fixture.events.filter(({ message }) => message.includes('could not log in'));
  assert.ok(told.length > 0 && told.length < 200, `${told.length} reports`);
});
