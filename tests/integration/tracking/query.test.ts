/** `millrace pipeline tracking` against a running platform: its totals, its events as they pass, and wrong usage. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TrackingReport } from '@millrace/api';
import { eventually } from '../../support/eventually.ts';
import { millrace, Server, startMillrace } from '../../support/millrace-command.ts';

const up = await Server.start('up');
after(() => up[Symbol.asyncDispose]());

async function post(events: readonly object[]): Promise<void> {
  const answer = await fetch(`${up.ready.collectorUrl}/t`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ batch: events }),
  });
  assert.equal(answer.status, 200);
}

const page = (site: string, path: string) => ({
  type: 'page',
  anonymousId: 'ann',
  site,
  context: { page: { path }, userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' },
});

async function report(words: readonly string[]): Promise<TrackingReport> {
  const { code, text, stderr } = await up.run(['pipeline', 'tracking', '--json', ...words]);
  assert.equal(code, 0, stderr);
  return JSON.parse(text);
}

test('the totals of the running platform are shown, of all sites or of one, as a table or as JSON', async () => {
  await post([page('shop', '/a'), page('shop', '/a'), page('blog', '/b')]);
  await eventually(async () => (await report([])).totals.events === 3);
  const { totals, complete } = await report(['--site', 'shop']);
  assert.deepEqual([complete, totals.pageViews, totals.visits, totals.visitors, totals.sessions], [true, 2, 1, 1, 1]);
  const { code, text } = await up.run(['pipeline', 'tracking']);
  assert.equal(code, 0);
  assert.match(text, /page views +3\n/);
  assert.match(text, /VIEWS +SITE +PAGE\n +2 +shop +\/a\n +1 +blog +\/b\n/);
});

test('the topic counted from elsewhere gives the totals of the platform', async () => {
  const direct = await millrace(['pipeline', 'tracking', '--json', '-b', up.ready.clusters[0]?.bootstrap ?? '']);
  assert.equal(direct.code, 0, direct.stderr);
  assert.deepEqual(JSON.parse(direct.text).totals, (await report([])).totals);
});

test('every question has the same answer from the platform and from the topic alone', async () => {
  const login = { ...page('shop', '/b'), userId: 'user-7' };
  await post([
    login,
    { ...login, anonymousId: 'phone' },
    { type: 'track', event: 'Bought', userId: 'user-7', site: 'shop' },
  ]);
  await eventually(async () => (await report(['--site', 'shop'])).totals.events === 5);
  const bootstrap = up.ready.clusters[0]?.bootstrap ?? '';
  const answers: Record<string, Record<string, unknown>> = {};
  for (const words of [['sessions'], ['funnel', '/a', '/b', 'Bought'], ['retention'], ['live']]) {
    const all = ['pipeline', 'tracking', ...words, '--site', 'shop', '--json'];
    const [asked, counted] = await Promise.all([up.run(all), millrace([...all, '-b', bootstrap])]);
    assert.equal(asked.code, 0, asked.stderr);
    assert.equal(counted.code, 0, counted.stderr);
    // Of live page views the minutes move on between the two.
    const { from: _, minutes: __, ...answer } = JSON.parse(asked.text);
    const { from: ___, minutes: ____, ...other } = JSON.parse(counted.text);
    assert.deepEqual(answer, other);
    answers[words[0] ?? ''] = JSON.parse(asked.text);
  }
  const { steps } = answers['funnel'] as { steps: { people: number }[] };
  assert.deepEqual(
    steps.map(({ people }) => people),
    [1, 1, 1],
  );
  const { sessions } = answers['sessions'] as { sessions: { user: string }[] };
  assert.deepEqual(new Set(sessions.map(({ user }) => user)), new Set(['user-7']));
  assert.equal((await report(['--site', 'shop'])).totals.people, 1);
});

test('bad events are listed with the reason, and tried again', async () => {
  const answer = await fetch(`${up.ready.collectorUrl}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ batch: [{ type: 'click', messageId: 'wrong' }] }),
  });
  assert.equal(answer.status, 400);
  const bad = await up.run(['pipeline', 'tracking', 'bad', '--json']);
  const { waiting, events } = JSON.parse(bad.text);
  assert.deepEqual(
    [waiting, events[0].id, events[0].reason, events[0].issues[0].field],
    [1, 'wrong', 'shape', '/type'],
  );
  const replay = await up.run(['pipeline', 'tracking', 'replay', '--json']);
  assert.deepEqual(JSON.parse(replay.text), { judged: 1, replayed: 0, stillBad: 1 });
  assert.match((await up.run(['pipeline', 'tracking', 'bad'])).text, /^1 bad event waits for a replay\n/);
});

test('a site of which nothing is known is said so', async () => {
  const { code, stderr } = await up.run(['pipeline', 'tracking', '--site', 'nowhere', '--json']);
  assert.equal(code, 1);
  assert.match(JSON.parse(stderr).error.message, /no event of a site "nowhere" has been counted/);
});

test('tail prints events as they come, until Ctrl-C', async () => {
  const running = startMillrace(['pipeline', 'tracking', 'tail', '--json', '--data-dir', up.directory]);
  await eventually(async () => {
    await post([page('tailed', '/now')]);
    return running.printed().includes('\n');
  });
  const [line = ''] = running.printed().split('\n');
  const event = JSON.parse(line);
  assert.deepEqual([event.site, event.type, event.context.page.path], ['tailed', 'page', '/now']);
  running.child.kill('SIGINT');
  assert.equal((await running.ended).code, 130);
});

test('wrong usage ends with exit code 2 and a sentence', async () => {
  for (const [words, sentence] of [
    [['watch'], /'watch' is nothing that tracking does; it knows tail, sessions, funnel/],
    [['tail', '--import', 'x.log'], /tail and --import exclude each other/],
    [['sessions'], /name a site with --site SITE/],
    [['funnel', '--site', 'shop'], /a funnel needs its steps/],
    [['live', 'now'], /live takes no further words/],
    [['funnel', '/', '--within', 'soon'], /'soon' is not a length of time/],
    [['--pages', 'all'], /'all' is not a whole number/],
  ] as const) {
    const { code, stderr } = await up.run(['pipeline', 'tracking', ...words]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, sentence);
  }
  const { code, stderr } = await millrace(['pipeline', 'tracking', '--data-dir', '/nowhere/at/all']);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /nothing runs from the data directory \/nowhere\/at\/all\nStart the platform with `millrace up`/,
  );
});
