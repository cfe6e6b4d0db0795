import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clustersOf, passes, routeThrough } from './route.ts';

test('a route has its clusters in their order, and passes each of them', () => {
  const route = routeThrough(routeThrough(routeThrough('', 'one'), 'two'), 'three');
  assert.deepEqual(clustersOf(route), ['one', 'two', 'three']);
  for (const cluster of ['one', 'two', 'three']) assert.ok(passes(route, cluster));
  for (const cluster of ['on', 'one two', 'four', '']) assert.ok(!passes(route, cluster));
});

test('what was written where it lies passes nothing', () => {
  assert.deepEqual(clustersOf(''), []);
  assert.ok(!passes('', 'one'));
});
