/** `millrace logs` against a running platform that was set by a file, and its doors for pages of other origins. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { Server, startMillrace } from '../../support/millrace-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-logs-commands-'));
writeFileSync(join(folder, 'logs.yaml'), 'mask: {rules: [{name: order, pattern: "ORD-[0-9]+"}]}\n');
const origin = 'https://shop.example';
const up = await Server.start('up', {
  words: ['--logs', join(folder, 'logs.yaml'), '--tracking-origin', `${origin}/`],
});
after(async () => {
  await up[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function found(...words: readonly string[]): Promise<{ readonly body: string; readonly labels: object }[]> {
  const { code, text, stderr } = await up.run(['logs', 'search', '--json', ...words]);
  assert.equal(code, 0, stderr);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const post = (body: string) =>
  fetch(`${up.ready.collectorUrl}/logs?service=web`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body,
  });

test('a file is imported once, masked by the rules of the command, and found', async () => {
  const file = join(folder, 'app.log');
  writeFileSync(
    file,
    '2026-01-05 10:00:00 ERROR it broke\n  at pay (pay.js:1)\n2026-01-05 10:00:01 INFO for a@b.example\n',
  );
  for (const stored of [2, 0]) {
    const { code, text } = await up.run(['logs', 'import', file, '--service', 'shop', '--json']);
    assert.deepEqual([code, JSON.parse(text)], [0, { stored }]);
  }
  await eventually(async () => (await found('--label', 'service=shop')).length === 2);
  const bodies = (await found('--label', 'service=shop')).map(({ body }) => body);
  assert.equal(bodies[0], '2026-01-05 10:00:00 ERROR it broke\n  at pay (pay.js:1)');
  assert.doesNotMatch(bodies[1] ?? '', /a@b\.example/);
});

test('what is sent is masked by the file of the platform, tailed, and a new shape is told', async () => {
  const tail = startMillrace(['logs', 'tail', '--json', '--data-dir', up.directory]);
  await eventually(async () => {
    await post('watched');
    return tail.printed().includes('watched');
  });
  tail.child.kill('SIGINT');
  assert.equal((await tail.ended).code, 130);
  const lines = Array.from({ length: 1_500 }, (_, n) => `request ${n} for ORD-${n} took ${n % 90} ms`);
  assert.equal((await post(lines.join('\n'))).status, 200);
  assert.equal((await post('nothing like it was ever said')).status, 200);
  const alerts = async () => (await up.run(['logs', 'alerts', '--json'])).text;
  await eventually(async () => (await alerts()).includes('nothing like it was ever said'));
  assert.equal(JSON.parse((await alerts()).split('\n').filter(Boolean).at(-1) ?? '').kind, 'new');
  assert.match((await up.run(['logs', 'alerts'])).text, /new shape of lines, 1 so far \(web\): nothing like it/);
  await eventually(async () => (await found('request', '--limit', '1'))[0]?.body.includes('[order]') === true);
});

test('lines are for those who may read records, events from pages that were named', async () => {
  assert.equal((await fetch(`${up.ready.url}/api/v1/logs/lines`)).status, 401);
  assert.equal((await fetch(`${up.ready.url}/api/v1/logs/templates`)).status, 200);
  const send = async (from: string): Promise<number> => {
    const headers = { 'content-type': 'text/plain', origin: from };
    const body = JSON.stringify({ type: 'page', anonymousId: 'a' });
    return (await fetch(`${up.ready.collectorUrl}/t`, { method: 'POST', headers, body })).status;
  };
  assert.deepEqual([await send(origin), await send('https://elsewhere.example')], [200, 403]);
});
