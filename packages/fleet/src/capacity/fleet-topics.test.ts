import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FleetTopics, mirrorTakes } from './fleet-topics.ts';
import { observedCluster } from './testing/observed-cluster.ts';

test('patterns of mirrors are what a regular expression makes of them', () => {
  const name = fc.stringMatching(/^[ab.]{0,8}$/);
  const pattern = fc.stringMatching(/^[ab.*]{0,8}$/);
  fc.assert(
    fc.property(pattern, name, (text, topic) => {
      const escaped = text.replaceAll('.', '[.]').replaceAll('*', '.*');
      assert.equal(mirrorTakes({ topics: [text] }, topic), new RegExp(`^${escaped}$`).test(topic));
      assert.equal(mirrorTakes({ topics: ['*'], exclude: [text] }, topic), !new RegExp(`^${escaped}$`).test(topic));
    }),
    { numRuns: 2_000 },
  );
});

test('topics of a cluster are those declared and those seen, with who reads them and what mirrors take', () => {
  const topics = [
    { name: 'declared', cluster: 'east', partitions: 3 },
    { name: 'elsewhere', cluster: 'west', partitions: 3 },
  ];
  const use = { cluster: 'east', role: 'consumer' } as const;
  const applications = [
    { name: 'one', team: 't', uses: [{ ...use, topic: 'declared' }] },
    { name: 'two', team: 't', uses: [{ ...use, topic: 'd*' }] },
    { name: 'three', team: 't', uses: [{ ...use, topic: 'declared', role: 'producer' as const }] },
  ];
  const mirrors = [{ name: 'm', source: 'east', target: 'west', topics: ['*'], exclude: ['seen'] }];
  const observed = observedCluster('east', { topics: [{ name: 'seen' }] });
  const found = new FleetTopics({ topics, applications, mirrors }).on('east', observed);
  assert.deepEqual(
    found.map(({ name, readers, mirrors: taken }) => ({ name, readers, taken })),
    [
      { name: 'declared', readers: 2, taken: 1 },
      { name: 'seen', readers: 0, taken: 0 },
    ],
  );
});
