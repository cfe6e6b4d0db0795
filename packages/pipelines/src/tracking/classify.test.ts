import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from './classify.ts';
import { isAutomated } from './enrich/automated.ts';
import type { TrackingEvent } from './event.ts';

const firefox = 'Mozilla/5.0 (Windows NT 6.1; WOW64; rv:27.0) Gecko/20100101 Firefox/27.0';

function request(
  path: string | undefined,
  more: { userAgent?: string; method?: string; status?: number } = {},
): TrackingEvent {
  const { userAgent = firefox, method = 'GET', status = 200 } = more;
  return {
    type: 'request',
    messageId: '1',
    site: 's',
    anonymousId: 'a',
    timestamp: '2026-01-01T00:00:00.000Z',
    receivedAt: '2026-01-01T00:00:00.000Z',
    context: {
      ...(userAgent !== '' && { userAgent }),
      page: { ...(path !== undefined && { path }) },
      request: { method },
      response: { status },
    },
  };
}

test('documents are pages; parts of pages, feeds and downloads are not', () => {
  for (const path of [
    '/',
    '/blog/',
    '/a/b.html',
    '/index.php',
    '/projects/x.xhtml',
    '/v1.2',
    '/user/john.doe',
    '/a.HTM',
  ]) {
    assert.equal(classify(request(path)).page, path);
  }
  for (const path of [
    '/favicon.ico',
    '/robots.txt',
    '/a.css',
    '/A.JPG',
    '/x.min.js',
    '/feed.xml',
    '/paper.pdf',
    '/a.tar.gz',
  ]) {
    assert.equal(classify(request(path)).page, undefined, path);
  }
});

test('only a page that was shown is viewed', () => {
  for (const status of [200, 304]) assert.equal(classify(request('/', { status })).page, '/');
  for (const status of [206, 301, 403, 404, 500]) assert.equal(classify(request('/', { status })).page, undefined);
  assert.equal(classify(request('/', { method: 'POST' })).page, '/');
  assert.equal(classify(request('/', { method: 'HEAD' })).page, undefined);
  assert.equal(classify(request(undefined)).page, undefined);
});

test('programs are told from people by what they call themselves', () => {
  const programs = [
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 6_0 like Mac OS X) Safari/8536.25 (compatible; Googlebot/2.1; x)',
    'Mozilla/5.0 (compatible; archive.org_bot +http://www.archive.org/details/archive.org_bot)',
    'Mozilla/5.0 (compatible; Ezooms/1.0; help@moz.com)',
    'Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)',
    'msnbot/2.0b (+http://search.msn.com/msnbot.htm)',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36',
    'UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/',
    'Tiny Tiny RSS/1.11 (http://tt-rss.org/)',
    'curl/8.0',
    'Wget/1.21',
    'Java/1.7.0_51',
    'some program',
    '',
  ];
  for (const userAgent of programs) assert.equal(isAutomated(request('/', { userAgent })), true, userAgent);
  const people = [
    firefox,
    'Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.16',
    'Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)',
    'Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 Chrome/90.0 Mobile Safari/537.36',
  ];
  for (const userAgent of people) assert.equal(isAutomated(request('/', { userAgent })), false, userAgent);
});

test('a page event is a page view, and other events of an application are people doing something', () => {
  const { context: _, ...bare } = request('/');
  const app: TrackingEvent = { ...bare, type: 'track', event: 'Bought', context: { userAgent: 'Shop/3 CFNetwork' } };
  assert.equal(isAutomated(app), false);
  assert.deepEqual(classify(app), { page: undefined, status: undefined });
  assert.equal(classify({ ...bare, type: 'page' }).page, '/');
  const url = 'https://shop.example/a?b=c';
  assert.equal(classify({ ...bare, type: 'page', context: { page: { url } } }).page, '/a');
});
