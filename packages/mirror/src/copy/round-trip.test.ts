/** When a broker counts as far. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoundTrip } from './round-trip.ts';

function measure(trip: RoundTrip, ...times: number[]): void {
  for (const ms of times) {
    trip.begin();
    trip.end(ms, 0);
  }
}

test('a broker is far when several requests in a row took long, by the quickest of them', () => {
  const trip = new RoundTrip();
  measure(trip, 120, 101);
  assert.equal(trip.farMs, 0);
  measure(trip, 340);
  assert.equal(trip.farMs, 101);
});

test('one quick answer shows that it is near', () => {
  const trip = new RoundTrip();
  measure(trip, 120, 101, 103, 1);
  assert.equal(trip.farMs, 0);
  measure(trip, 90);
  assert.equal(trip.farMs, 0);
});

test('it is measured until it is known, and then now and then', () => {
  const trip = new RoundTrip();
  assert.ok(trip.isDue(0));
  trip.begin();
  assert.ok(!trip.isDue(1e9));
  trip.end(undefined, 5);
  assert.ok(trip.isDue(5), 'a failure says nothing');
  measure(trip, 100, 100);
  assert.ok(trip.isDue(0));
  measure(trip, 100);
  assert.ok(!trip.isDue(9_999));
  assert.ok(trip.isDue(10_000));
});
