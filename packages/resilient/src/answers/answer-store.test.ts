/** What lies on disk is believed for its signature alone: each way of changing it is tried. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ConfigAnswer, ConfigEnrolment, UntrustedConfigError } from '@millrace/api/config';
import type { ResilientEvent } from '../report.ts';
import { AnswerSigner, answerOf } from '../testing/answer-signer.ts';
import { AnswerStore } from './answer-store.ts';

const orders = { topic: 'orders', role: 'producer' } as const;
const copy = 'answers/producer-orders.jws';

async function setUp(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-resilient-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const signer = await AnswerSigner.create();
  const enrolment = signer.enrolment(['http://127.0.0.1:1']);
  const events: ResilientEvent[] = [];
  const open = (changes: { enrolment?: ConfigEnrolment; now?: () => number } = {}): Promise<AnswerStore> =>
    AnswerStore.open({ enrolment, directory, now: Date.now, report: (event) => events.push(event), ...changes });
  const accept = async (store: AnswerStore, changes: Partial<ConfigAnswer> = {}): Promise<ConfigAnswer> =>
    store.accept(orders, await signer.sign(answerOf(changes)));
  const path = (name: string): string => join(directory, name);
  return { directory, signer, enrolment, events, open, accept, path };
}

function refused(reason: UntrustedConfigError['reason']) {
  return { code: 'config_untrusted', reason };
}

test('an answer that was accepted is there again for the next process', async (t) => {
  const { open, accept } = await setUp(t);
  const first = await open();
  assert.equal(await first.load(orders), undefined);
  await accept(first, { version: 7, bootstrap: 'broker:9092' });
  const second = await open();
  assert.equal((await second.load(orders))?.bootstrap, 'broker:9092');
  assert.deepEqual(second.instance, first.instance);
});

test('nobody else may read the directory, or a file in it', async (t) => {
  const { directory, open, accept } = await setUp(t);
  await accept(await open());
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
  assert.equal(await modeOf(directory), 0o700);
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  assert.ok(names.filter((each) => each.isFile()).length >= 3);
  for (const entry of names) {
    assert.equal(await modeOf(join(entry.parentPath, entry.name)), entry.isFile() ? 0o600 : 0o700, entry.name);
  }
});

test('every byte of a copy counts', async (t) => {
  const { open, accept, path } = await setUp(t);
  const store = await open();
  await accept(store);
  const signed = await readFile(path(copy), 'utf8');
  // The last character before the line end carries two bits that base64url leaves unused.
  for (let at = 0; at < signed.length - 2; at += 13) {
    const other = signed[at] === 'A' ? 'B' : 'A';
    await writeFile(path(copy), signed.slice(0, at) + other + signed.slice(at + 1));
    await assert.rejects(store.load(orders), { code: 'config_untrusted' }, `character ${at}`);
  }
  for (const text of ['', 'x', 'a.b.c', signed.slice(0, signed.length / 2), '{}']) {
    await writeFile(path(copy), text);
    await assert.rejects(store.load(orders), { code: 'config_untrusted' }, text);
  }
});

test('a copy is refused when it expired, and accepted until then', async (t) => {
  const { open, accept } = await setUp(t);
  let now = Date.now();
  const store = await open({ now: () => now });
  await accept(store, { expiresAt: now + 1000 });
  now += 999;
  assert.equal((await store.load(orders))?.version, 1);
  now += 1;
  await assert.rejects(store.load(orders), refused('expired'));
});

test('an older answer than one that was seen is refused, from a service and from disk', async (t) => {
  const { open, accept, path } = await setUp(t);
  const store = await open();
  await accept(store, { version: 4 });
  const four = await readFile(path(copy), 'utf8');
  await accept(store, { version: 5 });
  await accept(store, { version: 5, asOf: 1 });
  await assert.rejects(accept(store, { version: 4 }), refused('older'));
  await writeFile(path(copy), four);
  await assert.rejects((await open()).load(orders), refused('older'));
});

test('answers for others are refused: another application, topic or role', async (t) => {
  const { open, accept, path } = await setUp(t);
  const store = await open();
  await assert.rejects(accept(store, { application: 'other' }), refused('not_ours'));
  await assert.rejects(accept(store, { topic: 'payments' }), refused('not_ours'));
  await assert.rejects(accept(store, { role: 'consumer' }), refused('not_ours'));
  await accept(store);
  await writeFile(path('answers/producer-payments.jws'), await readFile(path(copy)));
  await assert.rejects(store.load({ topic: 'payments', role: 'producer' }), refused('not_ours'));
});

test('answers that are signed by others are refused', async (t) => {
  const { open } = await setUp(t);
  const store = await open();
  const stranger = await AnswerSigner.create();
  // Their key has the same id as ours.
  await assert.rejects(store.accept(orders, await stranger.sign(answerOf())), refused('bad_signature'));
  await stranger.rotate();
  await assert.rejects(store.accept(orders, await stranger.sign(answerOf())), refused('unknown_key'));
});

test('a crash between two writes leaves something to start from', async (t) => {
  const { open, accept, path } = await setUp(t);
  const store = await open();
  await accept(store, { version: 1 });
  const seen = await readFile(path('seen.json'), 'utf8');
  await accept(store, { version: 2 });
  // The answer was written, and its version was not.
  await writeFile(path('seen.json'), seen);
  assert.equal((await (await open()).load(orders))?.version, 2);
  // Nothing was renamed yet: what lies beside is overwritten.
  await writeFile(path(`${copy}.new`), 'half of an ans');
  await writeFile(path('seen.json.new'), '{"app');
  const next = await open();
  assert.equal((await next.load(orders))?.version, 2);
  await accept(next, { version: 3 });
  assert.equal((await (await open()).load(orders))?.version, 3);
});

test('where nobody knows what was seen, no copy is used, and the service is believed', async (t) => {
  const { open, accept, path } = await setUp(t);
  await accept(await open());
  await writeFile(path('seen.json'), '{"application":"shop","versions":{"producer:orders":"many"}}');
  const store = await open();
  await assert.rejects(store.load(orders), refused('older'));
  await accept(store);
  assert.equal((await (await open()).load(orders))?.version, 1);
});

test('keys are followed over any number of changes, and again at the next start', async (t) => {
  const { open, accept, signer, events } = await setUp(t);
  const store = await open();
  await signer.rotate();
  await assert.rejects(accept(store), refused('unknown_key'));
  await store.follow(signer.chain.slice(-1));
  await accept(store, { version: 2 });
  await signer.rotate();
  await signer.rotate();
  await assert.rejects(store.follow(signer.chain.slice(-1)), refused('unknown_key'));
  await store.follow(signer.chain);
  await accept(store, { version: 3 });
  const again = await open();
  assert.equal(again.trusted.version, 4);
  assert.equal((await again.load(orders))?.version, 3);
  assert.deepEqual(events, []);
});

test('a key that somebody slips in is not believed', async (t) => {
  const { open, accept, path, events, signer } = await setUp(t);
  await accept(await open());
  const stranger = await AnswerSigner.create();
  await stranger.rotate();
  await writeFile(path('keys.json'), JSON.stringify({ chain: stranger.chain.slice(1) }));
  await writeFile(path(copy), await stranger.sign(answerOf({ version: 9 })));
  const store = await open();
  assert.deepEqual(store.trusted, signer.keys);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['config_untrusted'],
  );
  await assert.rejects(store.load(orders), refused('unknown_key'));
});

test('a directory of another application gives nothing to this one', async (t) => {
  const { open, accept, enrolment } = await setUp(t);
  await accept(await open(), { version: 9 });
  const store = await open({ enrolment: { ...enrolment, application: 'other' } });
  await assert.rejects(store.load(orders), refused('not_ours'));
});

test('an instance whose key was lost is another one', async (t) => {
  const { open, path } = await setUp(t);
  const before = (await open()).instance;
  await writeFile(path('instance.json'), '{"id":1}');
  const { instance } = await open();
  assert.notEqual(instance.id, before.id);
  assert.notDeepEqual(instance.key, before.key);
  assert.deepEqual((await open()).instance, instance);
});
