import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Command, command } from './command.ts';
import { choice, flag, integer, many, text, withDefault } from './option.ts';
import { asksForJson, parseArguments } from './parse-arguments.ts';
import { UsageError } from './usage-error.ts';

const example = command({
  name: 'topic create',
  summary: 'Create topics',
  operands: [
    { name: 'TOPIC', help: 'the topic' },
    { name: 'MORE', help: 'more topics', optional: true, many: true },
  ],
  options: {
    partitions: withDefault(integer({ placeholder: 'N', short: 'p', help: 'Partitions' }, { min: 1, max: 10 }), 3),
    from: text({ placeholder: 'POSITION', help: 'Where from' }),
    dryRun: flag({ short: 'n', help: 'Dry run' }),
    exitAtEnd: flag({ short: 'e', help: 'Exit at end' }),
    header: many({ placeholder: 'H', short: 'H', help: 'Header' }, (given) => given.toUpperCase()),
    compression: choice({ help: 'Compression' }, ['none', 'gzip']),
  },
  examples: [],
  run: async () => undefined,
});

function refuses(words: string[], message: RegExp, of: Command = example): void {
  assert.throws(
    () => parseArguments(of, words),
    (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      assert.match(error.hint ?? '', /millrace topic create --help/);
      return true;
    },
  );
}

test('gives defaults for what is not given', () => {
  assert.deepEqual(parseArguments(example, ['orders']), {
    help: false,
    json: false,
    operands: ['orders'],
    options: { partitions: 3, from: undefined, dryRun: false, exitAtEnd: false, header: [], compression: undefined },
  });
});

test('takes values in every spelling, in any order, mixed with operands', () => {
  for (const words of [
    ['a', '--partitions', '7', 'b', '--dry-run', '--json'],
    ['--json', '--partitions=7', 'a', '-n', 'b'],
    ['-p7', '-n', '--json', 'a', 'b'],
    ['-np', '7', '--json', 'a', 'b'],
    ['-p=7', '--json', '--dry-run', '--', 'a', 'b'],
  ]) {
    const { options, operands, json } = parseArguments(example, words);
    assert.deepEqual([options['partitions'], options['dryRun'], operands, json], [7, true, ['a', 'b'], true]);
  }
});

test('takes a value that begins with a dash, and operands after --', () => {
  assert.equal(parseArguments(example, ['a', '--from', '-10']).options['from'], '-10');
  assert.deepEqual(parseArguments(example, ['a', '-', '--', '--from', '-n']).operands, ['a', '-', '--from', '-n']);
});

test('keeps repeated options in their order', () => {
  assert.deepEqual(parseArguments(example, ['a', '-H', 'x', '--header=y', '-Hz']).options['header'], ['X', 'Y', 'Z']);
});

test('names what is wrong', () => {
  refuses([], /^TOPIC is missing: the topic$/);
  refuses(['a', '--partitons', '3'], /^unknown option --partitons; did you mean --partitions\?$/);
  refuses(['a', '--quux'], /^unknown option --quux$/);
  refuses(['a', '-nx'], /^unknown option -x in -nx$/);
  refuses(['a', '--partitions'], /^--partitions needs a value: --partitions N$/);
  refuses(['a', '--partitions', 'many'], /^--partitions: 'many' is not a whole number from 1 to 10$/);
  refuses(['a', '-p', '11'], /^--partitions: '11' is not a whole number from 1 to 10$/);
  refuses(['a', '--from', 'x', '--from', 'y'], /^--from is given more than once$/);
  refuses(['a', '--dry-run=yes'], /^--dry-run takes no value, and got 'yes'$/);
  refuses(['a', '--compression', 'zip'], /^--compression: 'zip' is none of none, gzip$/);
  const single = { ...example, operands: [{ name: 'TOPIC', help: 'the topic' }] };
  refuses(['a', 'b'], /^'b' is one argument too many$/, single);
});

test('shows help whatever else is wrong', () => {
  for (const words of [['--help'], ['--wrong', '-h'], ['a', '-p', 'x', '--help']]) {
    assert.equal(parseArguments(example, words).help, true);
  }
});

test('finds --json before --', () => {
  assert.equal(asksForJson(['topic', '--json', '--wrong']), true);
  assert.equal(asksForJson(['produce', '--', '--json']), false);
});

test('never throws anything but a usage error', () => {
  const word = fc.oneof(fc.constantFrom('--from', '-p', '--', '-', '--json', '-H', '-nep'), fc.string());
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      try {
        parseArguments(example, words);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});
