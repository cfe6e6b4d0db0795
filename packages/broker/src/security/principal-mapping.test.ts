import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { principalMapping } from './principal-mapping.ts';

const service = 'CN=kafka1,OU=ServiceUsers,O=Data,C=DE';

for (const [rules, subject, expected] of [
  ['DEFAULT', service, service],
  ['', service, service],
  ['RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/', service, 'kafka1'],
  ['RULE:^CN=(.*?),OU=Admins.*$/$1/,DEFAULT', service, service],
  ['RULE:^CN=(.*?),OU=Admins.*$/$1/', service, service],
  ['RULE:^CN=(.*?), *OU=(.*?),.*$/$1@$2/L', service, 'kafka1@serviceusers'],
  ['RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U', 'O=x,cn=alice', 'ALICE'],
  ['RULE:CN=(.*)/a\\/$1/,DEFAULT', 'CN=bob', 'a/bob'],
  ['RULE:CN=a\\,b/comma/ , RULE:^CN=(.*)$/$1\\$x/', 'CN=a,b', 'comma'],
  ['RULE:CN=a/comma/,RULE:^CN=(.*)$/$1\\$x/', 'CN=ab', 'ab$x'],
  ['RULE:kafka1/$1/,DEFAULT', service, service],
  ['RULE:^CN=(.).*$/$12-$2-$/', service, 'k2-$2-$'],
  // A pattern that could backtrack for ever.
  ['RULE:^(([a-z])+.)+[A-Z]([a-z])+$/$3/', 'a'.repeat(64), 'a'.repeat(64)],
] as const) {
  test(`${rules || 'no rule'} makes ${expected} of ${subject}`, () => {
    assert.equal(principalMapping(rules)(subject), expected);
  });
}

for (const rules of ['RULE:CN=(.*/$1/', 'RULE:a', 'SOMETHING', 'RULE:a/b/X', 'DEFAULT DEFAULT']) {
  test(`${rules} is refused`, () => {
    assert.throws(
      () => principalMapping(rules),
      (error) => isMillraceError(error, 'invalid_configuration'),
    );
  });
}
