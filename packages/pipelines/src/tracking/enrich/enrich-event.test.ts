import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { browser, page } from '../testing/made-events.ts';
import { enrichEvent } from './enrich-event.ts';
import { UserAgentParser, type UserAgentRules } from './user-agent-rules.ts';

const context = (more: object) => ({ context: { userAgent: browser, page: { path: '/' }, ...more } });

function factsOf(more: object) {
  return enrichEvent(page('1', '/', 0, context(more))).facts;
}

test('user agents tell browser, system and device', () => {
  const {
    browser: found,
    os,
    device,
  } = factsOf({
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 7_0_4 like Mac OS X) AppleWebKit/537.51.1 (KHTML, like Gecko) Version/7.0 ' +
      'Mobile/11B554a Safari/9537.53',
  });
  assert.deepEqual(found, { name: 'Mobile Safari', version: '7.0' });
  assert.deepEqual(os, { name: 'iOS', version: '7.0.4' });
  assert.deepEqual(device, { family: 'iPhone', brand: 'Apple', model: 'iPhone' });
  assert.deepEqual(factsOf({}).browser, { name: 'Firefox', version: '140.0' });
  assert.equal(factsOf({ userAgent: 'nobody knows' }).browser, undefined);
});

test('programs are told from people', () => {
  const bot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
  assert.equal(factsOf({ userAgent: bot }).automated, true);
  assert.equal(factsOf({}).automated, false);
});

test('links tell campaigns, and never the value by which a network knows a person', () => {
  const url = 'https://shop.example/?utm_source=news&utm_medium=email&utm_campaign=spring&gclid=secret';
  assert.deepEqual(factsOf({ page: { url } }).campaign, {
    source: 'news',
    medium: 'email',
    name: 'spring',
    click: 'gclid',
  });
  assert.equal(factsOf({ page: { search: '?utm_source=search' } }).campaign?.source, 'search');
  assert.equal(factsOf({ campaign: { source: 'said' }, page: { url } }).campaign?.source, 'said');
  assert.equal(factsOf({}).campaign, undefined);
});

test('referrers tell search engines, networks and other sites; those of the site itself tell nothing', () => {
  const of = (referrer: string) => factsOf({ page: { url: 'https://www.shop.example/a', referrer } }).referrer;
  assert.deepEqual(of('https://www.google.co.uk/search?q=x'), {
    medium: 'search',
    source: 'Google',
    host: 'www.google.co.uk',
  });
  assert.deepEqual(of('https://t.co/x'), { medium: 'social', source: 'Twitter', host: 't.co' });
  assert.deepEqual(of('https://blog.example/post'), { medium: 'unknown', host: 'blog.example' });
  assert.equal(of('https://shop.example/b'), undefined);
  assert.equal(of('no address'), undefined);
  assert.equal(of('file:///c:/x'), undefined);
});

const rulesFile = resolve(import.meta.dirname, '../../../../../../shared/data/tracking/ua-referer/uap_regexes.yaml');
const logFile = resolve(
  import.meta.dirname,
  '../../../../../../shared/data/tracking/access_logs/apache_access_combined.log',
);
const skip =
  existsSync(rulesFile) && existsSync(logFile) ? false : 'the rules are not beside the repository (../shared/data)';

test("the real log's user agents are what the newest rules of uap-core say", { skip }, (t) => {
  const newest = new UserAgentParser(parse(readFileSync(rulesFile, 'utf8')) as UserAgentRules);
  const requests = new Map<string, number>();
  for (const line of readFileSync(logFile, 'utf8').split('\n')) {
    const userAgent = line.split('"')[5];
    if (userAgent !== undefined && userAgent !== '-') requests.set(userAgent, (requests.get(userAgent) ?? 0) + 1);
  }
  let differing = 0;
  let total = 0;
  for (const [userAgent, count] of requests) {
    const { browser: family, os } = newest.parse(userAgent);
    const facts = factsOf({ userAgent });
    total += count;
    const isSame = (facts.browser?.name ?? 'Other') === family.family && (facts.os?.name ?? 'Other') === os.family;
    if (!isSame) differing += count;
  }
  t.diagnostic(`${requests.size} user agents; ${differing} of ${total} requests differ from the newest rules`);
  assert.ok(differing / total < 0.02, `${differing} of ${total} differ`);
});
