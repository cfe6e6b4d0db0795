import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { errorCodes } from '@millrace/wire';
import { AuthenticationError } from '../security/security-errors.ts';
import { ScriptedLog, take } from '../testing/scripted-log.ts';

test('a login that is refused while fetching ends the loop, and nothing is asked until there is another', async (t) => {
  const log = new ScriptedLog();
  log.append(['a']);
  const consumer = log.open(t);
  const records = consumer.records();
  assert.equal((await records.next()).value?.value, 'a');
  log.connectError = new AuthenticationError(
    { broker: 'broker:9092', mechanism: 'PLAIN', username: 'user' },
    'locked',
    'unlock it',
  );
  log.breakConnections();
  await assert.rejects(records.next(), { code: 'authentication_failed' });
  const { connects, fetches } = log;
  for (let n = 0; n < 50; n++) {
    // As a change of metadata or of the assignment would, too.
    consumer.resume([{ topic: 'lines', partition: 0 }]);
    await setTimeout(5);
  }
  assert.equal(log.fetches, fetches);
  // Of metadata at most, which was asked for when the connection broke.
  assert.ok(log.connects - connects <= 2, `${log.connects - connects} connections were tried`);
  await assert.rejects(consumer.records().next(), { code: 'authentication_failed' });
  log.connectError = undefined;
  log.append(['b']);
  assert.deepEqual(await take(consumer, 1), ['b']);
});

for (const [what, errorCode, code] of [
  ['that may not be read', errorCodes.TOPIC_AUTHORIZATION_FAILED, 'authorization_failed'],
  ["whose offset is not in the log, with from 'none',", errorCodes.OFFSET_OUT_OF_RANGE, 'no_offset'],
] as const) {
  test(`a partition ${what} is not asked for again until the next loop`, async (t) => {
    const log = new ScriptedLog();
    log.append(['a']);
    log.errors.push(errorCode);
    const consumer = log.open(t, 'none');
    await assert.rejects(consumer.records().next(), { code });
    for (let n = 0; n < 10; n++) await setTimeout(5);
    assert.equal(log.fetches, 1);
    assert.deepEqual(await take(consumer, 1), ['a']);
  });
}

test('a failure that a seek has made void is not thrown at the next loop', async (t) => {
  const log = new ScriptedLog();
  log.append(['a', 'b']);
  const consumer = log.open(t, 'none');
  const records = consumer.records();
  assert.equal((await records.next()).value?.value, 'a');
  log.errors.push(errorCodes.TOPIC_AUTHORIZATION_FAILED);
  while (log.errors.length > 0) await setTimeout(1);
  await setTimeout(5);
  await records.return?.();
  consumer.seek({ topic: 'lines', partition: 0 }, 1);
  assert.deepEqual(await take(consumer, 1), ['b']);
});
