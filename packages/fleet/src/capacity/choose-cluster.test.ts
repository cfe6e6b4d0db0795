import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '@millrace/api/declared';
import { Calculation, quantity } from './calculation.ts';
import { byFit, clustersAt, fitOn, worstUse } from './choose-cluster.ts';
import { clusterRoom } from './cluster-room.ts';
import { FleetTopics } from './fleet-topics.ts';
import { partitionCount } from './partition-count.ts';
import { supposedSurge, worstSeason } from './season-surge.ts';
import { observedCluster, type SeenCluster } from './testing/observed-cluster.ts';
import { keptBy } from './topic-configs.ts';
import type { Surge, TopicDemand } from './topic-load.ts';

const gib = 2 ** 30;
const mib = 2 ** 20;
const flows = new FleetTopics({ topics: [], applications: [], mirrors: [] });

function cluster(name: string, more: Partial<Cluster> = {}): Cluster {
  const capacity = { diskBytes: 1_000 * gib, networkBytesPerSecond: 125 * mib, partitionsMax: 2_000, headRoom: 0.3 };
  return { name, bootstrap: '127.0.0.1:9092', site: 'east', environment: 'production', capacity, ...more };
}

function roomOf(of: Cluster, seen: SeenCluster, surge?: Surge) {
  const observed = observedCluster(of.name, seen);
  return clusterRoom(of, observed, flows.on(of.name, observed), surge);
}

function demand(bytesPerSecond: number, partitions = 6): TopicDemand {
  return {
    bytesIn: quantity('in', bytesPerSecond, 'bytes/s', 'requested'),
    recordBytes: quantity('size', 1024, 'bytes/record', 'requested'),
    consumers: quantity('consumers', 1, 'times', 'requested'),
    mirrors: quantity('mirrors', 0, 'times', 'requested'),
    partitions: quantity('partitions', partitions, 'partitions', 'requested'),
    replicas: quantity('replicas', 3, 'replicas', 'requested'),
    kept: keptBy({ 'retention.ms': 86_400_000 }, 'requested'),
  };
}

test('the cluster with the most room left is chosen, and one without room last', () => {
  const wanted = demand(2 * mib);
  const busy = [{ name: 'big', partitions: 6, replicas: 3, storedBytes: 900 * gib }];
  const full = [{ name: 'huge', partitions: 6, replicas: 3, storedBytes: 2_400 * gib }];
  const fits = [
    fitOn(roomOf(cluster('full'), { topics: full }), wanted, undefined),
    fitOn(roomOf(cluster('busy'), { topics: busy }), wanted, undefined),
    fitOn(roomOf(cluster('empty'), {}), wanted, undefined),
  ].sort(byFit);
  assert.deepEqual(
    fits.map(({ cluster: name, fits: verdict }) => [name, verdict]),
    [
      ['empty', 'yes'],
      ['busy', 'yes'],
      ['full', 'no'],
    ],
  );
});

test('each resource can be what does not suffice', () => {
  const small = { diskBytes: 1_000 * gib, networkBytesPerSecond: 125 * mib, partitionsMax: 2_000, headRoom: 0.3 };
  const short = [
    ['disk', { ...small, diskBytes: 100 * gib }],
    ['in', { ...small, networkBytesPerSecond: 5 * mib }],
    ['partitions', { ...small, partitionsMax: 8 }],
  ] as const;
  for (const [resource, capacity] of short) {
    const fit = fitOn(roomOf(cluster('one', { capacity }), {}), demand(4 * mib), undefined);
    assert.equal(fit.fits, 'no', resource);
    assert.ok(
      fit.resources.some((each) => each.resource === resource && each.fits === false),
      resource,
    );
  }
  assert.equal(fitOn(roomOf(cluster('one'), {}), demand(4 * mib), undefined).fits, 'yes');
});

test('a season makes no room of what had some', () => {
  const wanted = demand(2 * mib);
  const seen = { topics: [{ name: 'big', partitions: 6, replicas: 3, storedBytes: 900 * gib, bytesPerSecond: mib }] };
  assert.equal(fitOn(roomOf(cluster('one'), seen), wanted, undefined).fits, 'yes');
  const surge = supposedSurge(8);
  const fit = fitOn(roomOf(cluster('one'), seen, surge), wanted, surge);
  assert.equal(fit.fits, 'no');
  assert.ok(worstUse(fit) > 0.7);
});

test('a disk that nobody declared and no broker told of leaves it unknown; what a broker told is reckoned with', () => {
  const silent = cluster('silent', { capacity: {} });
  assert.equal(fitOn(roomOf(silent, {}), demand(1), undefined).fits, 'unknown');
  const told = { diskTotalBytes: 100 * gib, diskUsableBytes: 95 * gib };
  assert.equal(fitOn(roomOf(silent, told), demand(1, 1), undefined).fits, 'yes');
  const occupied = { diskTotalBytes: 100 * gib, diskUsableBytes: 20 * gib };
  assert.equal(fitOn(roomOf(silent, occupied), demand(1, 1), undefined).fits, 'no');
});

test('the fullest broker counts, not the mean', () => {
  const topics = [{ name: 'big', partitions: 6, replicas: 3, storedBytes: 1_500 * gib }];
  const even = fitOn(
    roomOf(cluster('even'), { topics, logBytes: [500 * gib, 500 * gib, 500 * gib] }),
    demand(1),
    undefined,
  );
  const uneven = fitOn(
    roomOf(cluster('uneven'), { topics, logBytes: [900 * gib, 300 * gib, 300 * gib] }),
    demand(1),
    undefined,
  );
  assert.deepEqual([even.fits, uneven.fits], ['yes', 'no']);
});

test('clusters are of a site, zone and environment; one that says nothing of site or environment is of any', () => {
  const clusters = [
    cluster('a'),
    cluster('b', { site: 'west' }),
    cluster('c', { environment: 'qa' }),
    cluster('d', { zone: 'card' }),
    { name: 'e', bootstrap: '127.0.0.1:1' },
  ];
  const at = (place: Parameters<typeof clustersAt>[1]): string[] => clustersAt(clusters, place).map(({ name }) => name);
  assert.deepEqual(at({ environment: 'production', site: 'east' }), ['a', 'd', 'e']);
  assert.deepEqual(at({ environment: 'production', zone: 'card' }), ['d']);
  assert.deepEqual(at({ environment: 'qa' }), ['c', 'e']);
});

test('partitions follow traffic and size, are as many on each broker, and never too few to share the work', () => {
  const count = (bytesPerSecond: number, stored: number, brokers: number): number =>
    partitionCount(
      quantity('in', bytesPerSecond, 'bytes/s', 'requested'),
      quantity('stored', stored, 'bytes', 'requested'),
      quantity('brokers', brokers, 'brokers', 'measured'),
      new Calculation('silent'),
    ).value;
  assert.equal(count(1, 1, 6), 3);
  assert.equal(count(30 * mib, 1, 3), 6);
  assert.equal(count(35 * mib, 1, 3), 9);
  assert.equal(count(1, 1_000 * gib, 3), 42);
});

test('of the seasons that are not over the one with the most traffic counts', () => {
  const seasons = [
    { name: 'past', from: '2026-01-01', until: '2026-01-31', factor: 9 },
    { name: 'spring', from: '2026-03-01', until: '2026-03-10', factor: 2 },
    { name: 'holidays', from: '2026-11-20', until: '2026-12-31', factor: 5 },
  ];
  const worst = worstSeason(seasons, new Date('2026-02-01T12:00:00Z'));
  assert.deepEqual([worst?.factor.value, worst?.seconds.value], [5, 42 * 86_400]);
  assert.equal(worstSeason(seasons, new Date('2027-02-01T12:00:00Z')), undefined);
});
