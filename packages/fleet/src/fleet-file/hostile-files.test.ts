/** Files that somebody made to do harm, or that a program wrote by mistake: each is one clear sentence, soon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FleetFileError } from './fleet-file-error.ts';
import { parseFleetFile } from './read-fleet-file.ts';

function told(text: string): readonly string[] {
  try {
    parseFleetFile(text, 'f.yaml', { mayBePart: true });
  } catch (error) {
    assert.ok(error instanceof FleetFileError, String(error));
    return error.message.split('\n');
  }
  return [];
}

test('aliases that multiply are refused before they are resolved', () => {
  const levels = Array.from({ length: 12 }, (_, level) => {
    const of = level === 0 ? '"x"' : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array.from({ length: 12 }, () => of).join(', ')}]`;
  });
  assert.deepEqual(told(levels.join('\n')), ['f.yaml:7: stands for more than a fleet comes to: its aliases multiply']);
});

test('an alias within what it stands for, and one that stands for nothing, are refused with their lines', () => {
  assert.deepEqual(told('teams:\n  - &a\n    name: *a'), ['f.yaml:3: *a is part of what it stands for']);
  assert.deepEqual(told('teams:\n  - name: *a'), ['f.yaml:2: *a stands for nothing: there is no &a before it']);
});

test('settings that thousands of things share by an anchor are no attack', () => {
  const topics = Array.from(
    { length: 5_000 },
    (_, index) => `  - { name: t${index}, cluster: a, partitions: 1, configs: *c }`,
  );
  const text = ['topics:', '  - { name: t, cluster: a, partitions: 1, configs: &c { retention.ms: 5 } }', ...topics];
  assert.deepEqual(told(text.join('\n')), []);
});

test('what is nested without end is refused', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{a: ', '}'],
  ] as const) {
    assert.deepEqual(told(open.repeat(20_000) + close.repeat(20_000)), ['f.yaml:1: is nested too deep']);
  }
  const indented = Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}-`).join('\n');
  assert.equal(told(indented).length, 1);
});

test('a text beyond all bounds is refused unread', () => {
  assert.deepEqual(told('#'.repeat(40 * 2 ** 20)), ['f.yaml:1: is larger than 32 MiB, which no fleet comes to']);
});

test('an object with very many keys is judged, and what is there twice is named', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}: 1`);
  const problems = told([...keys, 'k7: 2'].join('\n'));
  assert.deepEqual(problems, ['f.yaml:10001: k7 is there twice, and keys are unique']);
  assert.ok(told(keys.join('\n')).length <= 21);
});

test('names of an object of JavaScript are keys like any other', () => {
  assert.match(told('__proto__: { clusters: [] }').join(), /^f.yaml:1: __proto__ is not known here/);
  const text =
    'topics: [{ name: a, cluster: b, partitions: 1, configs: { __proto__: 1, constructor: 2, toString: 3 } }]';
  assert.deepEqual(told(text), []);
});

test('thousands of mistakes are told in a hundred lines and a number', () => {
  const topics = Array.from({ length: 3_000 }, (_, index) => `  - { name: a b${index}, cluster: a, partitions: 1 }`);
  const problems = told(['topics:', ...topics].join('\n'));
  assert.equal(problems.length, 101);
  assert.equal(problems.at(-1), 'f.yaml:1: has 2900 more problems');
});

test('a value of any shape is a fleet or told what is wrong with it', () => {
  const key = fc.constantFrom(
    'clusters',
    'topics',
    'acls',
    'name',
    'cluster',
    'configs',
    'client',
    'partitions',
    'uses',
    'x',
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, -1, 1e300, '', 'a', '2026-01-01'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(fc.property(tree, (value) => void told(JSON.stringify(value))));
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => void told(text)));
});
