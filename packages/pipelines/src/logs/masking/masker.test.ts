import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from '../line/log-line.ts';
import { parseMaskRules } from './mask-rule.ts';
import { Masker } from './masker.ts';

const masker = new Masker();

test('secrets and personal data go, what only looks like them stays', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['login of jane.doe@example.co.uk failed', 'login of [email] failed'],
    ['password=hunter2 user=bob', 'password=[secret] user=bob'],
    ['{"apiKey":"abc\\"def","n":1}', '{"apiKey":[secret],"n":1}'],
    ["db_password: 'a b c', next", 'db_password: [secret], next'],
    ['Authorization: Bearer abcdefgh12345678', 'Authorization: Bearer [secret]'],
    ['got eyJhbGciOiJI.eyJzdWIiOiIx.sflKxwRJSM today', 'got [jwt] today'],
    ['postgres://app:s3cret@db:5432/shop', 'postgres://app:[secret]@db:5432/shop'],
    ['key AKIAIOSFODNN7EXAMPLE used', 'key [cloud-key] used'],
    ['card 4111 1111 1111 1111 refused', 'card [card-number] refused'],
    ['card 4111-1111-1111-1112 refused', 'card 4111-1111-1111-1112 refused'],
    ['at 1767607203000000000 took 5', 'at 1767607203000000000 took 5'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nnext', '[private-key]\nnext'],
    ['the password was changed; token expired', 'the password was changed; token expired'],
    ['check pass; user unknown', 'check pass; user unknown'],
  ];
  for (const [given, masked] of cases) assert.equal(masker.text(given), masked);
});

test('values are masked by the names before them, however deep', () => {
  const line: LogLine = {
    ...{ time: 0, received: 0, body: 'x', labels: { owner: 'a@b.com' } },
    attributes: { request: { headers: { cookie: 'id=1', accept: '*' } }, users: ['c@d.org'], count: 3 },
  };
  const { labels, attributes } = masker.line(line);
  assert.deepEqual(labels, { owner: '[email]' });
  assert.deepEqual(attributes, {
    request: { headers: { cookie: '[secret]', accept: '*' } },
    users: ['[email]'],
    count: 3,
  });
});

test('rules of users come first, and what is wrong with them is said', () => {
  const rules = parseMaskRules(
    '{"builtIn":["email"],"rules":[{"name":"order","pattern":"ORD-(\\\\d{2})\\\\d+","replacement":"ORD-$1*"}]}',
  );
  assert.equal(new Masker(rules).text('ORD-12345 of a@b.com, password=x'), 'ORD-12* of [email], password=x');
  assert.throws(() => parseMaskRules('{"rule":[]}'), { code: 'mask_rules' });
  assert.throws(() => parseMaskRules('{'), /not JSON/);
  assert.throws(
    () => new Masker({ rules: [{ name: 'x', pattern: '(?<=a)b' }] }),
    /the pattern of the rule "x" is refused/,
  );
  assert.throws(() => new Masker({ builtIn: ['mail'] }), /no rule "mail" comes with Millrace/);
});

test('a line is masked in a time that grows with its length only', { timeout: 20_000 }, () => {
  for (const piece of ['a.', 'pass', '1 ', 'a@', 'token=', '"', '-----BEGIN ', 'eyJ.', '://:']) {
    const masked = masker.text(piece.repeat(200_000 / piece.length));
    assert.equal(masker.text(masked), masked);
  }
});
