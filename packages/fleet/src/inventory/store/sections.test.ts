import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownCluster } from '../state/known-cluster.ts';
import { mergeObservation } from '../state/merge-observation.ts';
import { group, observation } from '../testing/observations.ts';
import { restore } from './restore.ts';
import { decodeSection, encodeSection, type Sections, sectionNames, sectionOf } from './sections.ts';

test('what is stored of a cluster is all that is known of it', async () => {
  const topics = {
    __proto__x: { ends: [5, -1], configs: { 'retention.ms': '1' }, bytes: { stored: 9, leaders: 3 }, inSync: [1] },
    t: { ends: [7], replicas: [3, 1] },
  };
  const more = {
    brokerConfigs: new Map([[2, { 'log.retention.ms': '5' }]]),
    producers: [{ topic: 't', producerId: 4, wroteAt: -1 }],
    access: { quotas: [{ entity: { user: null }, quotas: { producer_byte_rate: 5 } }] },
  };
  const looks = [
    observation({ at: 0, topics, groups: [group('g', { t: [2] }, { t: [0] })], more }),
    observation({ at: 2_000, topics: { ...topics, t: { ends: [9] } }, groups: [group('g', { t: [2] }, { t: [0] })] }),
  ];
  const known = looks.reduce((known, seen) => mergeObservation(known, seen, 'declared:9092'), unknownCluster('east'));
  const sections: Partial<Record<keyof Sections, unknown>> = {};
  for (const name of sectionNames) sections[name] = await decodeSection(await encodeSection(sectionOf(name, known)));
  const { observedAt } = known.observed;
  const restored = restore({ name: 'east', observedAt, problem: null }, sections as Partial<Sections>);
  // Undefined fields are not stored, so they are not compared.
  assert.deepEqual(plain(restored.observed), plain(known.observed));
  assert.deepEqual(plain(restored.shape), plain(known.shape));
});

test('of a cluster that was never reached nothing is known but its problem', () => {
  const { observed, shape } = restore({ name: 'east', observedAt: null, problem: 'nobody answers' }, {});
  assert.deepEqual(
    [observed.stale, observed.problem, observed.topics.size, shape],
    [true, 'nobody answers', 0, undefined],
  );
});

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each: unknown) => (each instanceof Map ? [...each] : each)));
}
