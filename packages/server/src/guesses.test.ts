import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '@millrace/api';
import { Guesses } from './guesses.ts';

const ann: Principal = { kind: 'user', name: 'ann', role: 'viewer', teams: [] };
const check = async (secret: string): Promise<Principal | undefined> => (secret === 'right' ? ann : undefined);

test('after some failures an address waits twice as long each time, and others do not', async () => {
  let now = 0;
  let checks = 0;
  const guesses = new Guesses({ now: () => now, free: 2 });
  const guess = async (secret: string, address = 'a'): Promise<number | string> => {
    const verdict = await guesses.judge(address, secret, (given) => {
      checks++;
      return check(given);
    });
    return 'waitSeconds' in verdict ? verdict.waitSeconds : (verdict.principal?.name ?? 'nobody');
  };
  assert.equal(await guess('1'), 'nobody');
  assert.equal(await guess('2'), 'nobody');
  assert.equal(await guess('3'), 1);
  assert.equal(await guess('right'), 1);
  assert.equal(await guess('right', 'b'), 'ann');
  assert.equal(await guess('right'), 'ann', 'what was right lately is no guess');
  now = 1_000;
  assert.equal(await guess('4'), 'nobody');
  assert.equal(await guess('5'), 2);
  now = 3_000;
  assert.equal(await guess('6'), 'nobody');
  assert.equal(await guess('7'), 4);
  assert.equal(checks, 6, 'who has to wait is not even looked at');
  now = 3_000_000;
  assert.deepEqual([await guess('8'), await guess('9'), await guess('10')], ['nobody', 'nobody', 1]);
});

test('guesses that come at once are counted before they are judged, the same token once', async () => {
  const guesses = new Guesses({ now: () => 0, free: 5 });
  const same = await Promise.all(Array.from({ length: 50 }, () => guesses.judge('a', 'right', check)));
  assert.ok(same.every((verdict) => 'principal' in verdict && verdict.principal === ann));
  const many = await Promise.all(Array.from({ length: 50 }, (_, index) => guesses.judge('a', `${index}`, check)));
  assert.equal(many.filter((verdict) => 'principal' in verdict).length, 5);
});

test("a token that is revoked is forgotten, and a check that fails is nobody's fault", async () => {
  let isRevoked = false;
  const guesses = new Guesses({ now: () => 0, free: 1 });
  const revocable = async (secret: string): Promise<Principal | undefined> => (isRevoked ? undefined : check(secret));
  assert.deepEqual(await guesses.judge('a', 'right', revocable), { principal: ann });
  isRevoked = true;
  assert.deepEqual(await guesses.judge('a', 'right', revocable), { principal: undefined });
  assert.ok('waitSeconds' in (await guesses.judge('a', 'right', revocable)));
  const failing = async (): Promise<Principal | undefined> => {
    throw new Error('the database is down');
  };
  for (let round = 0; round < 5; round++) await assert.rejects(guesses.judge('b', 'x', failing), /database/);
  assert.deepEqual(await guesses.judge('b', 'right', check), { principal: ann });
});
