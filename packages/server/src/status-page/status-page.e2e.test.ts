import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EventHub } from '../event-hub.ts';
import { startServer } from '../server.ts';
import { send } from '../testing/send.ts';
import { statusPage } from './status-page.ts';

const server = await startServer({
  port: 0,
  routes: [new EventHub().route],
  assets: statusPage({ collectorPort: 4711 }),
});
after(() => server.close());

test('the page loads the collector under the name it was called by, and may load nothing else', async () => {
  for (const host of ['localhost', '127.0.0.1', '[::1]']) {
    const { status, headers, text } = await send(server, 'GET', '/', { host: `${host}:${server.port}` });
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/html/);
    assert.ok(text.includes(`<script src="http://${host}:4711/t.js"`), text.slice(0, 600));
    assert.doesNotMatch(text, /__COLLECTOR__/);
    const policy = String(headers['content-security-policy']);
    assert.ok(policy.includes(`script-src 'self' http://${host}:4711;`), policy);
    assert.match(policy, /^default-src 'none'; /);
    assert.match(policy, /frame-ancestors 'none'$/);
  }
});

test('everything that the page names is there', async () => {
  const { text } = await send(server, 'GET', '/');
  const own = [...text.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path as string);
  assert.ok(own.includes('/status.js') && own.includes('/status.css'));
  for (const path of own) assert.equal((await send(server, 'GET', path)).status, 200, path);
  assert.equal((await send(server, 'HEAD', '/')).status, 200);
});

test('a page that is not to be tracked loads no script of the collector', async () => {
  const assets = statusPage({ collectorPort: 4711, tracked: false });
  await using untracked = await startServer({ port: 0, assets });
  const { text } = await send(untracked, 'GET', '/');
  assert.doesNotMatch(text, /<script src="http/);
  assert.doesNotMatch(text, /Your visit/);
  assert.match(text, /<script src="\/status\.js"/);
});

test('a HEAD of the event stream ends', async () => {
  assert.equal((await send(server, 'HEAD', '/api/v1/events')).status, 405);
});
