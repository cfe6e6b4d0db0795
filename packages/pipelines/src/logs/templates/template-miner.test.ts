import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TemplateMiner } from './template-miner.ts';

function mine(lines: readonly string[]): { miner: TemplateMiner; texts: string[] } {
  const miner = new TemplateMiner();
  const ids = lines.map((line, index) => miner.add(line, 0, index).id);
  return { miner, texts: ids.map((id) => miner.find(id)?.text as string) };
}

function templatesOf(...lines: string[]): string[] {
  return [...new Set(mine(lines).texts)];
}

test('values that show by their look are places', () => {
  assert.deepEqual(
    templatesOf(
      'connection from 10.0.0.1:8080 to /var/run/a.sock took 5 ms at Mon Jul  9 12:16:49 2005',
      'connection from fe80:0:0:1::2 to C:\\temp\\b took <1 sec at Tue Aug 10 01:02:03 2006',
      'connection from www.example.com:443 to /x took 00:17 at Tue Aug 10 01:02:03 2006',
    ),
    ['connection from <*> to <*> took <*> at <*>'],
  );
});

test('a place where all lines are equal shows what they have', () => {
  assert.deepEqual(templatesOf('port 22 of host 1 took 5 ms', 'port 22 of host 2 took 7 ms'), [
    'port 22 of host <*> took <*> ms',
  ]);
});

test('words that tell what happened keep lines apart, however alike these are', () => {
  const told = 'Started Stopped Paused Resumed Suspending Created Deleted Rebooted up down idle ready lost busy';
  const events = told.split(' ');
  const lines = events.flatMap((event) => [1, 2].map((id) => `[instance: ${id}] VM ${event} (Lifecycle Event)`));
  assert.equal(templatesOf(...lines).length, events.length);
});

test('names become a place where they are announced, other words only with evidence', () => {
  assert.deepEqual(templatesOf('session opened for user root by 1', 'session opened for user mary by 2'), [
    'session opened for user <*> by <*>',
  ]);
  const colours = 'red green blue white black pink brown grey cyan lime olive'.split(' ');
  const lines = colours.map((colour) => `the paint of the door shall be ${colour}`);
  assert.equal(templatesOf(...lines.slice(0, 9)).length, 9);
  assert.deepEqual(templatesOf(...lines), ['the paint of the door shall be <*>']);
});

test('lines of a name alone are no values of one place', () => {
  const names = Array.from({ length: 30 }, (_, n) => `on${letters(n)}View`);
  assert.equal(templatesOf(...names).length, names.length);
});

test('a word joins a place that others have as a number', () => {
  assert.deepEqual(templatesOf('Invalid login 0101 from 10.0.0.1', 'Invalid login support from 10.0.0.1'), [
    'Invalid login <*> from 10.0.0.1',
  ]);
});

test('free text ends as few shapes, and memory is bounded', () => {
  const words = 'alpha bravo carrot delta eagle fox golf hotel igloo juliet kilo lima mike nora oscar papa'.split(' ');
  const lines = Array.from({ length: 4_000 }, (_, i) => {
    const word = (step: number): string => words[(i * step + (i >> 4)) % words.length] as string;
    return `comment by a visitor: ${word(3)} ${word(5)} ${word(7)} ${word(11)}`;
  });
  assert.ok(mine(lines).miner.size < 50, `${mine(lines).miner.size} templates`);
  const miner = new TemplateMiner({ templatesMax: 100 });
  for (let i = 0; i < 5_000; i++) miner.add(`${letters(i)} begins and ${letters(i * 7)} ends`, 0, i);
  assert.ok(miner.size <= 100);
});

test('counts lines, and when they were first and last seen', () => {
  const miner = new TemplateMiner();
  for (const [index, timeMs] of [5_000, 1_000, 9_000].entries()) miner.add(`took ${index} s`, 0, timeMs);
  const [template] = [...miner.templates()];
  assert.deepEqual([template?.count, template?.firstSeenMs, template?.lastSeenMs], [3, 1_000, 9_000]);
});

test('a miner that is made anew from its state goes on as if nothing had happened', () => {
  const word = fc.constantFrom(
    ...'user root mary error Started 1 22 /a/b a.b.c x=1 x=on (3) failed for from to ok'.split(' '),
  );
  const line = fc.array(word, { minLength: 1, maxLength: 7 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 120 }), fc.nat(120), (lines, cut) => {
      const whole = new TemplateMiner();
      let parted = new TemplateMiner();
      for (const [index, each] of lines.entries()) {
        if (index === cut) parted = new TemplateMiner({}, JSON.parse(JSON.stringify(parted.state())));
        assert.equal(parted.add(each, 0, index).id, whole.add(each, 0, index).id);
      }
      assert.deepEqual(parted.state(), whole.state());
    }),
  );
});

test('no line is too long, too odd or too empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (line) => {
      const { miner } = mine([line, line]);
      assert.equal(miner.size, 1);
      assert.equal([...miner.templates()][0]?.count, 2);
    }),
  );
  assert.equal(mine(['x '.repeat(100_000), ':'.repeat(100_000), '']).miner.size, 3);
});

function letters(number: number): string {
  return number
    .toString(26)
    .replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)))
    .padStart(4, 'q');
}
