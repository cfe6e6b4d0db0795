/** The secret of a sidecar, over restarts and moves. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PrivateFiles } from '../answers/private-files.ts';
import { SidecarState } from './sidecar-state.ts';

async function emptyFiles(t: TestContext): Promise<PrivateFiles> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-sidecar-'));
  t.after(() => rm(directory, { recursive: true }));
  return PrivateFiles.open(directory);
}

const ids = { idOf: () => undefined };
const east = { name: 'east', generation: 0 };
const west = { name: 'west', generation: 1 };

test("a secret stays over restarts, and is the application's alone", async (t) => {
  const files = await emptyFiles(t);
  const { secret } = await SidecarState.open(files, ids, 'shop', east);
  const again = await SidecarState.open(files, ids, 'shop', west);
  assert.equal(again.secret, secret);
  assert.deepEqual(again.place, east);
  assert.ok(again.isElsewhere(west) && again.isElsewhere({ name: 'east', generation: 2 }));
  assert.equal(again.check('shop', secret), true);
  assert.match(String(again.check('other', secret)), /user name or secret is wrong/);
  assert.match(String(again.check('shop', `${secret}x`)), /user name or secret is wrong/);
  assert.notEqual((await SidecarState.open(files, ids, 'billing', east)).secret, secret);
});

test('a move makes another secret, tells users of the one before, and forgets groups', async (t) => {
  const files = await emptyFiles(t);
  const state = await SidecarState.open(files, ids, 'shop', east);
  const { secret } = state;
  await state.sawGroups(['a', 'b']);
  await state.sawGroups(['b']);
  assert.deepEqual((await SidecarState.open(files, ids, 'shop', east)).groups, ['a', 'b']);
  await state.move(west);
  const moved = await SidecarState.open(files, ids, 'shop', west);
  assert.notEqual(moved.secret, secret);
  assert.match(String(moved.check('shop', secret)), /went to another cluster \(west\)/);
  assert.deepEqual([moved.place, moved.groups], [west, []]);
});

test('a file that can not be read is no secret that anybody knows', async (t) => {
  const files = await emptyFiles(t);
  const { secret } = await SidecarState.open(files, ids, 'shop', east);
  await writeFile(join(files.directory, 'sidecar.json'), '{"secret":""}');
  assert.notEqual((await SidecarState.open(files, ids, 'shop', east)).secret, secret);
});
