import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMillraceError } from '@millrace/base';
import { parseQuery, parseSelector } from './parse.ts';

const refused: readonly (readonly [query: string, message: string])[] = [
  ['', 'unknown position: parse error: no expression found in input'],
  ['1 +', '1:4: parse error: unexpected end of input'],
  ['foo{a="b"', '1:10: parse error: unexpected end of input, expected "}"'],
  ['foo{a="b}', '1:7: parse error: unterminated quoted string'],
  ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['{a=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['foo{__name__="bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"'],
  ['nothing(1)', '1:1: parse error: unknown function with name "nothing"'],
  ['rate(foo)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
  ['rate(foo[5m], 1)', '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
  ['sum(1)', '1:5: parse error: expected type instant vector in aggregation expression, got scalar'],
  ['topk(foo)', '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1'],
  ['1 == 1', '1:1: parse error: comparisons between scalars must use BOOL modifier'],
  ['foo and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
  ['foo and on(a) group_left() bar', '1:1: parse error: no grouping allowed for "and" operation'],
  ['sum(foo) offset 5m', /offset modifier must be preceded by an instant vector selector/.source],
  ['foo offset 5m offset 1m', '1:1: parse error: offset may not be set multiple times'],
  ['foo[5m][1m]', '1:1: parse error: ranges only allowed for vector selectors'],
  ['foo[5m:1m:1m]', '1:10: parse error: unexpected ":", expected "]"'],
  ['foo\n  + bar)', '2:8: parse error: unexpected ")"'],
  ['foo[5mx]', '1:5: parse error: bad number or duration syntax: "5mx"'],
  ['"\\q"', '1:1: parse error: error unquoting string "\\q": invalid syntax'],
  ['foo{a=~"("}', /invalid regular expression/.source],
  ['foo ? bar', '1:5: parse error: unexpected character: "?"'],
];

test('what is no PromQL is refused with its place', () => {
  for (const [query, message] of refused) {
    assert.throws(
      () => parseQuery(query),
      (error) => {
        assert(isMillraceError(error, 'query_invalid'), query);
        assert(error.message === message || new RegExp(message).test(error.message), `${query}: ${error.message}`);
        return true;
      },
    );
  }
});

test('expressions that nest without end are refused, not followed', () => {
  for (const query of ['('.repeat(100_000), '-'.repeat(100_000), `foo[${'('.repeat(10_000)}`, '1^'.repeat(50_000)]) {
    assert.throws(
      () => parseQuery(query),
      (error) => isMillraceError(error, 'query_invalid'),
      query.slice(0, 5),
    );
  }
});

test('keywords are names where names are wanted', () => {
  for (const query of [
    'sum{by="x"}',
    'offset',
    'sum by (on, bool) (rate)',
    '{"a.b", "c d"="e"}',
    'SUM(start) BY (x)',
  ]) {
    assert.doesNotThrow(() => parseQuery(query), query);
  }
});

test('a selector is a selector alone', () => {
  assert.deepEqual(
    parseSelector('up{job!~"a|b"}').map(({ name, operator, value }) => [name, operator, value]),
    [
      ['job', '!~', 'a|b'],
      ['__name__', '=', 'up'],
    ],
  );
  assert.throws(() => parseSelector('up offset 5m'), /series selector/);
  assert.throws(() => parseSelector('rate(up[5m])'), /series selector/);
});
