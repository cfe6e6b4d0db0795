/** Who may go on with an operation: whoever applied it, as long as its objects are theirs to operate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '@millrace/api';
import { admin, openTestControl } from './control-fixture.ts';
import { startDatabaseFixture } from './database-fixture.ts';
import { makeEffectTable, rehearsal } from './rehearsal.ts';

const mia = (team: string): Principal => {
  return { kind: 'user', name: 'mia', role: 'member', teams: [{ name: team, role: 'owner' }] };
};

test('who has left the team plans, applies and resumes nothing of it, and an admin goes on instead', async () => {
  await using fixture = await startDatabaseFixture();
  const url = await fixture.emptyDatabase();
  await using base = await openTestControl(url);
  await makeEffectTable(base.database);
  await base.control.close();
  await using here = await openTestControl(url, { parts: [rehearsal(base.database, { holder: 'here' })] });
  const { operations } = here.control;
  const own = { principal: mia('orders'), why: 'a rehearsal' };
  const left = { principal: mia('search'), why: 'as before' };
  const input = { steps: 2, team: 'orders', special: { step: 1, does: 'fail' } };
  await assert.rejects(operations.plan('rehearsal', input, left), { code: 'forbidden' });
  const plan = await operations.plan('rehearsal', input, own);
  await assert.rejects(operations.apply(plan.id, left), { code: 'forbidden', message: /an owner of the team orders/ });
  const { id } = await operations.apply(plan.id, own);
  const end = async () => (await operations.ended(id, AbortSignal.timeout(60_000))).state;
  assert.equal(await end(), 'failed');
  await assert.rejects(operations.resume(id, left), {
    code: 'forbidden',
    message: /mia may not operate the rehearsal/,
  });
  assert.equal((await operations.view(id)).state, 'failed');
  for (const asked of [own, { principal: admin, why: 'in her place' }]) {
    await operations.resume(id, asked);
    assert.equal(await end(), 'failed');
  }
});
