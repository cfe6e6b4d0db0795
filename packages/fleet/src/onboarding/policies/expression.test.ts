import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInPolicies } from './built-in-policies.ts';
import { expressionIssues } from './expression.ts';

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /is no CEL expression/],
  ['request.partitions >', /is no CEL expression/],
  ['request.partitons > 3', /names the field partitons, which there is not; did you mean partitions\?/],
  ['requst.partitions > 3', /names requst, which there is not; did you mean request\?/],
  ['team.budget.topics > 3', /names the field budget/],
  ['request.applications.exists(a, a.tem == "x")', /names the field tem, .*did you mean team\?/],
  ['lookup(request.topic)', /calls lookup, which there is not/],
  ['request.topic.shout() == "X"', /calls shout, which there is not/],
  [`${'('.repeat(60)}true${')'.repeat(60)}`, /nested more than 40 deep/],
  [`"${'a'.repeat(10_001)}" == ""`, /more than 10000 characters/],
  [`${'1+'.repeat(4_500)}1 == 1`, /too deep to be read/],
  ['[1].all(a, [1].all(b, [1].all(c, true)))', /loops that are nested more than 2 deep/],
];

for (const [text, reason] of refused) {
  test(`refuses ${text.length > 50 ? `${text.slice(0, 20)}... (${text.length})` : text || 'nothing'}`, () => {
    const issues = expressionIssues(text);
    assert.ok(
      issues.some((issue) => reason.test(issue)),
      issues.join('; ') || 'no issue',
    );
  });
}

test('takes what the language has', () => {
  for (const text of [
    'true',
    'request.partitions > 3 && !(request.topic.startsWith("x") || request.dataClass in ["a", "b"])',
    'request.applications.all(a, a.role == "producer" || a.name.matches("^[a-z]+$"))',
    'has(request.configs.foo) ? request.configs["foo"] == "bar" : size(request.sites) == 1',
    'request.sites.map(s, s + "!").filter(s, s.endsWith("!")).exists_one(s, s == "east!")',
    'type(request.partitions) == int && string(request.partitions) != "" && double(request.partitions) < 3.0',
    '{"a": request.topic}["a"] == request.topic',
    'timestamp("2026-01-01T00:00:00Z").getFullYear() == 2026',
  ]) {
    assert.deepEqual(expressionIssues(text), [], text);
  }
});

test('the policies that come with Millrace are sound, and each has its own name', () => {
  for (const { name, when } of builtInPolicies) assert.deepEqual(expressionIssues(when), [], name);
  assert.equal(new Set(builtInPolicies.map(({ name }) => name)).size, builtInPolicies.length);
});
