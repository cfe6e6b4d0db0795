/**
 * Pages of other origins in a real browser whose user is logged in: with everything that a page can send they change
 * nothing and learn nothing. Method: the server counts what its handlers were called for, and pages of another site, of
 * another port of the same host, and of a name that was bound to this machine meanwhile try each way in.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { defineContract, implement, type Principal } from '@millrace/api';
import { type HttpServer, installedAuthentication, startServer } from '@millrace/server';
import { type BrowserContext, chromium } from 'playwright-core';
import { Type } from 'typebox';

const executablePath = '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `needs Chromium at ${executablePath}: apt-get install chromium`;

const admin: Principal = { kind: 'user', name: 'ada', role: 'admin', teams: [] };
const calls: string[] = [];
const anything = { response: Type.Unknown(), query: Type.Object({ from: Type.Optional(Type.String()) }) } as const;
const methods = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;

async function* told(): AsyncGenerator<{ readonly data: string }> {
  calls.push('GET events');
  yield { data: 'a secret of the fleet' };
}

let server: HttpServer;
let foreign: HttpServer;
let browser: BrowserContext;
let profile: string;

before(async () => {
  if (skip !== false) return;
  const changes = methods.map((method) => {
    const body = method === 'DELETE' ? {} : { body: Type.Unknown() };
    const contract = defineContract({ method, path: '/api/v1/things', summary: 'Changes', ...body, ...anything });
    return implement(contract, ({ query }) => {
      calls.push(`${method} ${query.from}`);
      return { done: true };
    });
  });
  const read = defineContract({ method: 'GET', path: '/api/v1/things', summary: 'Reads', ...anything });
  const events = defineContract({
    method: 'GET',
    path: '/api/v1/events',
    summary: 'Tells',
    kind: 'event-stream',
    response: Type.String(),
  });
  const kept = {
    token: async () => undefined,
    session: async (id: string) => (id === 'a-session' ? admin : undefined),
  };
  server = await startServer({
    port: 0,
    authentication: installedAuthentication('a-token', kept, true),
    routes: [
      ...changes,
      implement(read, ({ query }) => {
        calls.push(`GET ${query.from}`);
        return { secret: 'a secret of the fleet' };
      }),
      implement(events, () => told()),
    ],
    assets: [{ path: '/console', contentType: 'text/html', body: '<title>Console</title>' }],
  });
  const page = { path: '/', contentType: 'text/html', body: '<title>Foreign</title><div id="place"></div>' };
  foreign = await startServer({ port: 0, hosts: ['evil.example'], assets: [page] });
  profile = await mkdtemp(join(tmpdir(), 'millrace-browser-'));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1',
    ],
  });
  const cookie = { name: `millrace-session-${server.port}`, value: 'a-session', path: '/' } as const;
  await browser.addCookies(
    ['localhost', '127.0.0.1', 'evil.example', 'rebound.example'].map((domain) => {
      return { ...cookie, domain, httpOnly: true, sameSite: 'Strict' };
    }),
  );
});
after(async () => {
  if (skip !== false) return;
  await browser.close();
  await server.close();
  await foreign.close();
  await rm(profile, { recursive: true, force: true });
});

/** Everything that a page can send; answers what it learned. Runs in the page. */
const attack = `async (target) => {
  const learned = [];
  const url = (way) => target + '/api/v1/things?from=' + way;
  const tell = async (way, run) => {
    try {
      const answer = await run();
      if (answer instanceof Response && answer.type !== 'opaque') {
        learned.push(way + ': ' + answer.status + ' ' + await answer.text());
      }
    } catch (refusal) {
      // The browser kept the answer from the page: there was nothing to learn.
      if (!(refusal instanceof TypeError)) learned.push(way + ': ' + refusal);
    }
  };
  const kinds = ['text/plain', 'application/json', 'application/x-www-form-urlencoded'];
  for (const mode of ['no-cors', 'cors']) {
    await tell('get-' + mode, () => fetch(url('get-' + mode), { mode, credentials: 'include' }));
    for (const type of kinds) {
      await tell('post-' + mode, () => fetch(url('post-' + mode), {
        method: 'POST', mode, credentials: 'include', body: '{"a":1}', headers: { 'content-type': type },
      }));
    }
  }
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    await tell(method, () => fetch(url(method), { method, mode: 'cors', credentials: 'include' }));
  }
  await tell('token', () => fetch(url('token'), {
    method: 'POST', credentials: 'include', body: '{}',
    headers: { authorization: 'Bearer a-token', 'content-type': 'application/json' },
  }));
  navigator.sendBeacon(url('beacon'), new Blob(['{"a":1}'], { type: 'text/plain' }));
  for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
    const frame = document.createElement('iframe');
    frame.name = 'frame-' + enctype;
    document.body.append(frame);
    const form = document.createElement('form');
    Object.assign(form, { method: 'POST', action: url('form'), enctype, target: frame.name });
    form.innerHTML = '<input name=\\'{"a":"\\' value=\\'"}\\'>';
    document.body.append(form);
    form.submit();
  }
  const loads = [
    ['img', 'src'], ['script', 'src'], ['iframe', 'src'], ['link', 'href'], ['object', 'data'], ['video', 'src'],
  ].map(([name, attribute]) => new Promise((resolve) => {
    const element = document.createElement(name);
    if (name === 'link') element.rel = 'stylesheet';
    element.onload = element.onerror = resolve;
    setTimeout(resolve, 1500);
    element[attribute] = url(name);
    document.body.append(element);
  }));
  loads.push(new Promise((resolve) => {
    const socket = new WebSocket(target.replace('http', 'ws') + '/api/v1/events');
    socket.onopen = () => learned.push('websocket: open');
    socket.onclose = resolve;
  }));
  loads.push(new Promise((resolve) => {
    const events = new EventSource(target + '/api/v1/events', { withCredentials: true });
    events.onmessage = ({ data }) => { learned.push('events: ' + data); events.close(); resolve(); };
    events.onerror = () => { events.close(); resolve(); };
  }));
  await Promise.all(loads);
  return learned;
}`;

async function tryAll(from: string, target: string): Promise<readonly string[]> {
  const page = await browser.newPage();
  const isRebound = new URL(from).host === new URL(target).host;
  // The page came from elsewhere, before its name began to mean this machine.
  if (isRebound)
    await page.route(from, (route) => route.fulfill({ contentType: 'text/html', body: '<title>x</title>' }));
  await page.goto(from);
  const learned = (await page.evaluate(`(${attack})(${JSON.stringify(target)})`)) as string[];
  await page.close();
  return learned;
}

test('the console of a person who is logged in reads and changes', { skip }, async () => {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.port}/console`);
  const status = await page.evaluate(`fetch('/api/v1/things?from=console', {
    method: 'POST', body: '{}', headers: { 'content-type': 'application/json' },
  }).then((answer) => answer.status)`);
  assert.equal(status, 200);
  assert.match(
    String(await page.evaluate("fetch('/api/v1/things?from=console').then((each) => each.text())")),
    /a secret/,
  );
  assert.equal(await page.evaluate('document.cookie'), '');
  assert.deepEqual(calls.splice(0), ['POST console', 'GET console']);
  await page.close();
});

test('a page of another site changes nothing and learns nothing', { skip }, async () => {
  for (const host of ['localhost', '127.0.0.1']) {
    const learned = await tryAll(`http://evil.example:${foreign.port}/`, `http://${host}:${server.port}`);
    assert.deepEqual([learned, calls.splice(0)], [[], []]);
  }
});

test('nor does a page of another port of this machine, which is the same site', { skip }, async () => {
  const learned = await tryAll(`http://localhost:${foreign.port}/`, `http://localhost:${server.port}`);
  assert.deepEqual([learned, calls.splice(0)], [[], []]);
});

test('nor a page whose name was bound to this machine after it was loaded', { skip }, async () => {
  const own = `http://rebound.example:${server.port}`;
  const learned = await tryAll(`${own}/page`, own);
  assert.deepEqual(calls.splice(0), []);
  for (const each of learned) assert.match(each, /: 403 .*host_not_allowed/);
});
