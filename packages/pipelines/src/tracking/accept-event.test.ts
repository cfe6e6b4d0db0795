import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptEvent, type Receipt } from './accept-event.ts';
import { type IncomingEvent, issuesOfIncoming, issuesOfStored } from './event.ts';
import { truncateAddress } from './truncate-address.ts';

const receipt: Receipt = {
  receivedAt: Date.parse('2026-01-01T12:00:10.000Z'),
  remoteAddress: '203.0.113.9',
  userAgent: 'Mozilla/5.0',
  sentAt: undefined,
  site: 'shop.example',
  newId: () => 'fresh',
};

const bare: IncomingEvent = { type: 'page', anonymousId: 'ann' };

test('what a sender leaves out is filled in', () => {
  assert.deepEqual(acceptEvent(bare, receipt), {
    type: 'page',
    anonymousId: 'ann',
    messageId: 'fresh',
    site: 'shop.example',
    timestamp: '2026-01-01T12:00:10.000Z',
    receivedAt: '2026-01-01T12:00:10.000Z',
    context: { userAgent: 'Mozilla/5.0', ip: '203.0.113.0' },
  });
});

test('what a sender says is kept, fields that nobody knows included, but not what is ours to say', () => {
  const given = {
    ...bare,
    messageId: 'm1',
    site: 'blog',
    userId: 'u',
    integrations: { All: true },
    receivedAt: '1999-01-01T00:00:00Z',
    context: { userAgent: 'other', ip: '2001:db8:1:2::3', locale: 'de', os: { name: 'X' } },
  };
  assert.deepEqual(acceptEvent(given, receipt), {
    ...given,
    timestamp: '2026-01-01T12:00:10.000Z',
    receivedAt: '2026-01-01T12:00:10.000Z',
    context: { userAgent: 'other', ip: '2001:db8:1::', locale: 'de', os: { name: 'X' } },
  });
});

test('a wrong clock of the sender is corrected by when it sent', () => {
  const timeOf = (event: Partial<IncomingEvent>, sentAt?: string): string =>
    acceptEvent({ ...bare, ...event }, { ...receipt, sentAt }).timestamp;
  assert.equal(timeOf({ timestamp: '2030-05-05T00:00:00Z' }, '2030-05-05T00:00:04Z'), '2026-01-01T12:00:06.000Z');
  assert.equal(
    timeOf({ originalTimestamp: '2020-05-05T00:00:00+02:00', sentAt: '2020-05-05T00:00:01+02:00' }),
    '2026-01-01T12:00:09.000Z',
  );
  assert.equal(timeOf({ timestamp: '2025-12-31T00:00:00Z' }), '2025-12-31T00:00:00.000Z');
  assert.equal(timeOf({ timestamp: '2099-01-01T00:00:00Z' }), '2026-01-01T12:00:10.000Z');
});

for (const [timestamp, sentAt] of [
  ['0000-01-01T00:00:00+23:59', '9999-12-31T23:59:59-23:59'],
  ['0000-01-01T00:00:00+23:59', undefined],
] as const) {
  test(`clocks that are wrong by ages give a time that can be stored (sent at ${sentAt})`, () => {
    const given: IncomingEvent = { ...bare, timestamp, ...(sentAt !== undefined && { sentAt }) };
    assert.deepEqual(issuesOfIncoming(given), []);
    const event = acceptEvent(given, receipt);
    assert.equal(event.timestamp, '0000-01-01T00:00:00.000Z');
    assert.deepEqual(issuesOfStored(event), []);
  });
}

test('what is stored has the documented shape', () => {
  assert.deepEqual(issuesOfStored(acceptEvent(bare, receipt)), []);
});

test('each thing wrong with an event is named', () => {
  const fields = (value: unknown): string[] =>
    issuesOfIncoming(value).map(({ field, message }) => `${field} ${message}`);
  assert.deepEqual(fields(bare), []);
  assert.deepEqual(fields({ type: 'page', userId: 'u' }), []);
  assert.deepEqual(fields({ type: 'page' }), ['/anonymousId is required when there is no userId']);
  assert.deepEqual(fields({ ...bare, type: 'track' }), ['/event is required for a track event: what happened']);
  assert.deepEqual(fields({ ...bare, timestamp: '2026-02-31T00:00:00Z' }).length, 1);
  assert.deepEqual(fields({ ...bare, type: 'click' }), [
    '/type must be one of track, page, screen, identify, group, alias, request',
  ]);
  assert.deepEqual(fields({ ...bare, anonymousId: '', context: { page: { url: 7 } } }), [
    '/anonymousId must not be empty',
    '/context/page/url must be a string',
  ]);
  for (const value of [null, 'page', 7, []]) assert.deepEqual(fields(value), [' must be an object']);
});

test('of an address only the network is kept', () => {
  for (const [address, kept] of [
    ['203.0.113.9', '203.0.113.0'],
    ['::ffff:203.0.113.9', '203.0.113.0'],
    ['2001:db8:abcd:1234:5678::1', '2001:db8:abcd::'],
    ['2001:DB8::1', '2001:db8::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1', '::'],
    ['::', '::'],
    ['1:2:3:4:5:6:7:8', '1:2:3::'],
    ['1::', '1::'],
    ['64:ff9b::203.0.113.9', '64:ff9b::'],
    ['::1:2:3:4:5:203.0.113.9', '0:1:2::'],
    ['example.com', undefined],
    ['', undefined],
    ['1.2.3', undefined],
  ] as const) {
    assert.equal(truncateAddress(address), kept, address);
  }
});
