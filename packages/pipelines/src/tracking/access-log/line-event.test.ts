import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issuesOfStored } from '../event.ts';
import { lineEvent, lineHash } from './line-event.ts';
import { Occurrences } from './occurrences.ts';
import { parseLine } from './parse-line.ts';
import { VisitorNames } from './visitor-names.ts';

const origin = {
  site: 'shop',
  visitorNames: new VisitorNames(Buffer.from('a secret')),
  receivedAt: Date.parse('2026-01-01T00:00:00Z'),
};

function eventOf(text: string, occurrence = 0, from = origin) {
  const line = parseLine(text);
  assert.ok(!('malformed' in line));
  return lineEvent(line, lineHash(Buffer.from(text)), occurrence, from);
}

const line = '203.0.113.9 - ann [17/May/2015:10:05:03 +0000] "GET /a/b?c=d HTTP/1.1" 200 7 "http://x/" "Mozilla/5.0"';

test('the same line of the same site is the same event, whenever it is read', () => {
  const later = { ...origin, receivedAt: origin.receivedAt + 1 };
  assert.equal(eventOf(line).messageId, eventOf(line, 0, later).messageId);
  assert.equal(eventOf(line).anonymousId, eventOf(line, 0, later).anonymousId);
});

test('its other occurrence, another site and any other line are other events', () => {
  const ids = [eventOf(line), eventOf(line, 1), eventOf(line, 0, { ...origin, site: 'blog' }), eventOf(`${line} `)];
  assert.equal(new Set(ids.map((event) => event.messageId)).size, 4);
});

test('a visitor is an address with a user agent, under a secret key', () => {
  const visitor = (text: string, key = 'a secret') =>
    eventOf(text, 0, { ...origin, visitorNames: new VisitorNames(Buffer.from(key)) }).anonymousId;
  assert.equal(visitor(line), visitor(line.replace('/a/b', '/c')));
  assert.notEqual(visitor(line), visitor(line.replace('113.9', '113.8')));
  assert.notEqual(visitor(line), visitor(line.replace('Mozilla', 'Opera')));
  assert.notEqual(visitor(line), visitor(line, 'another secret'));
});

test('the event has the documented shape, and no full address', () => {
  const event = eventOf(line);
  assert.deepEqual(issuesOfStored(event), []);
  assert.doesNotMatch(JSON.stringify(event), /203\.0\.113\.9/);
  assert.equal(event.context?.ip, '203.0.113.0');
  assert.deepEqual(event.context?.page, { url: '/a/b?c=d', path: '/a/b', referrer: 'http://x/' });
  assert.equal(event.timestamp, '2015-05-17T10:05:03.000Z');
});

test('events of the oddest lines have the documented shape too', () => {
  for (const text of [
    `${'h'.repeat(9_000)} - ${'u'.repeat(9_000)} [17/May/2015:10:05:03 +0000] "-" 000 - "-" "${'a'.repeat(9_000)}"`,
    `h - - [17/May/2015:10:05:03 +0000] "GET http://x.example HTTP/1.0" 999 999999999999999 "${'r'.repeat(9_000)}" "-"`,
    `h - - [17/May/2015:10:05:03 +0000] "OPTIONS * HTTP/1.0" 200 1 "-" "-"`,
    `h - - [17/May/2015:10:05:03 +0000] "GET /${'p'.repeat(20_000)} HTTP/1.0" 414 1 "-" "-"`,
  ]) {
    assert.deepEqual(issuesOfStored(eventOf(text)), [], text.slice(0, 80));
  }
});

test('equal lines are numbered, also when the log is not quite in order, and the far past is forgotten', () => {
  const occurrences = new Occurrences();
  const minute = 60_000;
  assert.deepEqual(
    [0, 0, 5 * minute, 0, 5 * minute].map((at) => occurrences.next('x', at)),
    [0, 1, 0, 2, 1],
  );
  assert.equal(occurrences.next('y', 0), 0);
  assert.equal(occurrences.next('x', 29 * minute), 0);
  assert.equal(occurrences.next('x', 0), 3);
  occurrences.next('x', 120 * minute);
  assert.equal(occurrences.next('x', 0), 0);
});
