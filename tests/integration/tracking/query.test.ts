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
