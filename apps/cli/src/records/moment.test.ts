import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../framework/usage-error.ts';
import { parseMoment } from './moment.ts';

const now = Date.UTC(2026, 0, 31, 12, 0, 0);

test('reads times ago', () => {
  for (const [text, ago] of [
    ['500ms', 500],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['now', 0],
  ] as const) {
    assert.equal(parseMoment(text, now), now - ago);
  }
  assert.equal(parseMoment('99999w', now), 0, 'not before 1970');
});

test('reads ISO 8601 with a zone and in local time', () => {
  assert.equal(parseMoment('2026-01-31T10:00Z', now), Date.UTC(2026, 0, 31, 10));
  assert.equal(parseMoment('2026-01-31 10:00:30.25+02:00', now), Date.UTC(2026, 0, 31, 8, 0, 30, 250));
  assert.equal(parseMoment('2026-01-31T10:00+0200', now), Date.UTC(2026, 0, 31, 8));
  assert.equal(parseMoment('2026-01-31T10:00', now), new Date(2026, 0, 31, 10).getTime());
  assert.equal(parseMoment('2026-01-31', now), new Date(2026, 0, 31).getTime());
});

test('reads milliseconds since 1970', () => {
  assert.equal(parseMoment('@1769850000000', now), 1769850000000);
});

test('tells what is no moment from what is no date', () => {
  for (const text of ['', 'yesterday', '10', '10x', 'm', '2026', '2026-1-1', '@', '@x', '-5m']) {
    assert.equal(parseMoment(text, now), undefined, text);
  }
  for (const text of ['2026-02-30', '2026-13-01', '2026-01-31T25:00']) {
    assert.throws(() => parseMoment(text, now), UsageError, text);
  }
});

test('reads back every time as JavaScript writes it', () => {
  const time = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(time, (date) => {
      assert.equal(parseMoment(date.toISOString(), now), date.getTime());
      assert.equal(parseMoment(`@${date.getTime()}`, now), date.getTime());
    }),
  );
});
