/** The status page in a real browser: whoever opens it sees their own visit arrive. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { browserScript } from '@millrace/pipelines';
import { startServer } from '@millrace/server';
import { type BrowserContext, chromium } from 'playwright-core';
import { Server } from '../../support/millrace-command.ts';

const executablePath = '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : `needs Chromium at ${executablePath}: apt-get install chromium`;
/** Headless Chromium says so, and a program's page views are not people's. */
const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

const profile = await mkdtemp(join(tmpdir(), 'millrace-browser-'));
after(() => rm(profile, { recursive: true, force: true }));

function openBrowser(): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath,
    userAgent,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

test('a person who opens the status page sees their own page view within two seconds', { skip }, async () => {
  await using up = await Server.start('up');
  const { url, collectorUrl } = up.ready;
  assert.ok(url !== null && collectorUrl !== null);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('console', (message) => message.type() === 'error' && failures.push(message.text()));
    // The first page of a browser's life pays for the browser; what is measured is ours.
    await page.goto('about:blank');

    await page.goto(url);
    await page.locator('#visit[data-state="seen"]').waitFor({ timeout: 10_000 });
    const text = await page.locator('#visit-text').innerText();
    const milliseconds = Number(/([\d,]+) ms after/.exec(text)?.[1]?.replaceAll(',', ''));
    assert.ok(milliseconds < 2_000, text);
    await page.locator('#recent .you').first().waitFor();
    await page.locator('[data-count="pageViews"]', { hasText: '1' }).waitFor();
    await page.locator('.cluster', { hasText: 'tracking.events' }).waitFor();
    assert.equal(await page.locator('.cluster').count(), 2);

    await page.evaluate("millrace('track', 'Pressed', { button: 1 })");
    await page.locator('#recent li', { hasText: 'Pressed' }).waitFor({ timeout: 5_000 });
    await page.evaluate("history.pushState({}, '', '/somewhere')");
    await page.locator('#pages li', { hasText: '/somewhere' }).waitFor({ timeout: 5_000 });

    await page.goto(url);
    await page.locator('#visit[data-state="seen"]').waitFor({ timeout: 10_000 });
    await page.locator('[data-count="visitors"]', { hasText: /^1$/ }).waitFor();
    assert.deepEqual(failures, []);
  } finally {
    await browser.close();
  }
});

/** A page with the script as its README says to put it there, and a call before the script has loaded. */
function shopPage(collectorUrl: string): string {
  return `<title>Shop</title>
    <script>window.millrace = (...call) => { (millrace.q ??= []).push(call); };</script>
    <script>millrace('track', 'Early');</script>
    <script src="${collectorUrl}/t.js" async></script>`;
}

test('a page of another site that loads the script is counted as that site, in storage of its own', {
  skip,
}, async () => {
  await using up = await Server.start('up');
  const { url, collectorUrl } = up.ready;
  assert.ok(url !== null && collectorUrl !== null);
  const body = shopPage(collectorUrl);
  await using shop = await startServer({ port: 0, assets: [{ path: '/cart', contentType: 'text/html', body }] });
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${shop.port}/cart?x=1`);
    await page.waitForFunction("window.millrace?.('id') !== undefined");
    const status = await browser.newPage();
    await status.goto(url);
    await status
      .locator('#recent li', { hasText: 'localhost' })
      .filter({ hasText: 'Early' })
      .waitFor({ timeout: 10_000 });
    await status.locator('#pages li', { hasText: '/cart' }).waitFor({ timeout: 5_000 });
  } finally {
    await browser.close();
  }
});

test('a page that asks for consent sends and stores nothing before it is given, and nothing after it is taken back', {
  skip,
}, async () => {
  const script = { path: '/t.js', contentType: 'text/javascript', body: browserScript() };
  const body = '<title>Shop</title><script src="/t.js" data-consent="required"></script>';
  await using shop = await startServer({ port: 0, assets: [script, { path: '/', contentType: 'text/html', body }] });
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    const sent: string[] = [];
    page.on('request', (request) => request.url().endsWith('/t') && sent.push(request.postData() ?? ''));
    const inPage = (code: string): Promise<unknown> => page.evaluate(code);
    await page.goto(`http://localhost:${shop.port}/`);
    await inPage("millrace('track', 'Waits'); localStorage.length");
    assert.deepEqual([sent, await inPage('localStorage.length'), await inPage("millrace('id')")], [[], 0, undefined]);
    await inPage("millrace('consent', true)");
    const { batch } = JSON.parse(sent[0] ?? '{}') as { batch: { event?: string; anonymousId?: string }[] };
    const id = await inPage("localStorage.getItem('millrace.id')");
    assert.deepEqual(
      batch.map(({ event, anonymousId }) => [event, anonymousId]),
      [
        [undefined, id],
        ['Waits', id],
      ],
    );
    await inPage("millrace('consent', false); millrace('track', 'Never')");
    await page.reload();
    assert.deepEqual([sent.length, await inPage("localStorage.getItem('millrace.id')")], [1, null]);
  } finally {
    await browser.close();
  }
});
