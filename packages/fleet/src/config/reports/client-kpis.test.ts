import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamReport } from '@millrace/api/config';
import type { Credential } from '../../identity/credentials/credential-store.ts';
import { type Heard, kpisOf } from './client-kpis.ts';
import { confirmedByReports } from './confirm-rotations.ts';

const rates = { recordsPerSecond: 1, bytesPerSecond: 10, errorsPerSecond: 0.5, latencyMs: { p50: 1, p99: 2 } };

function heard(application: string, instance: string, streams: Partial<StreamReport>[], at = 100): Heard {
  const full = streams.map((each): StreamReport => {
    return { topic: 'orders', role: 'producer', cluster: 'east', strays: [], ...rates, ...each };
  });
  const library = { name: 'millrace', version: instance === 'old' ? '0' : '1' };
  return { application, at: new Date(at), report: { instance, library, streams: full } };
}

test('rates of instances are summed, the worst latency is told, versions and strays are counted', () => {
  const strays = [{ name: 'acks', value: '1', standard: 'all' }];
  const all = [
    heard('shop', 'old', [{ strays }, { topic: 'other' }]),
    heard('shop', 'new', [{ strays, latencyMs: { p50: 4, p99: 8 }, cluster: 'west' }], 200),
    heard('web', 'one', [{ role: 'consumer', lag: 4 }]),
  ];
  const [orders, ...others] = kpisOf(all, {});
  assert.deepEqual(orders, {
    application: 'shop',
    topic: 'orders',
    role: 'producer',
    clusters: ['east', 'west'],
    instances: 2,
    recordsPerSecond: 2,
    bytesPerSecond: 20,
    errorsPerSecond: 1,
    latencyMs: { p50: 4, p99: 8 },
    lag: null,
    libraries: [
      { name: 'millrace', version: '0', instances: 1 },
      { name: 'millrace', version: '1', instances: 1 },
    ],
    strays: [{ ...strays[0], instances: 2 }],
    reportedAt: new Date(200).toISOString(),
  });
  assert.deepEqual(
    others.map(({ application, topic, lag }) => `${application} ${topic} ${lag}`),
    ['shop other null', 'web orders 4'],
  );
  assert.equal(kpisOf(all, { strays: true }).length, 1);
  assert.equal(kpisOf(all, { application: 'web', topic: 'other' }).length, 0);
});

test('what nobody counts is told as unknown, and what some count as theirs', () => {
  const sidecar = heard('shop', 'sidecar', [{ recordsPerSecond: undefined, errorsPerSecond: undefined } as never]);
  const [alone] = kpisOf([sidecar], {});
  assert.deepEqual([alone?.recordsPerSecond, alone?.errorsPerSecond, alone?.bytesPerSecond], [null, null, 10]);
  const [both] = kpisOf([sidecar, heard('shop', 'one', [{}])], {});
  assert.deepEqual([both?.recordsPerSecond, both?.errorsPerSecond, both?.bytesPerSecond], [1, 0.5, 20]);
});

function credential(id: string, part: Partial<Credential> = {}): Credential {
  return {
    ...{ id, application: 'shop', kind: 'scram', principal: `User:shop.${id}`, clusters: ['east'], operation: id },
    ...{ issuedAt: new Date(50), issuedBy: 'user:ann', verifier: null, certificate: null, expiresAt: null },
    ...{ sealedFor: 'nobody', deliveredAt: null, oldUntil: null, confirmedAt: null, confirmedBy: null },
    ...{ endedAt: null, endedAs: null },
    ...part,
  };
}

test('a rotation is confirmed when all instances report the new credential and no other', () => {
  const pair = [credential('a'), credential('b')];
  const uses = (instance: string, ...ids: string[]) =>
    heard(
      'shop',
      instance,
      ids.map((id) => ({ credential: id })),
    );
  const confirmed = (reports: Heard[], credentials = pair) => confirmedByReports(credentials, reports)[0]?.id;
  assert.equal(confirmed([uses('1', 'b'), uses('2', 'b', 'b')]), 'b');
  assert.equal(confirmed([uses('1', 'b'), uses('2')]), 'b');
  assert.equal(confirmed([uses('1', 'b'), uses('2', 'a')]), undefined);
  assert.equal(confirmed([uses('1', 'b', 'a')]), undefined);
  const mixed = heard('shop', '2', [{ credential: 'b', otherCredentials: ['a'] }]);
  assert.equal(confirmed([uses('1', 'b'), mixed]), undefined);
  assert.equal(confirmed([]), undefined);
  assert.equal(confirmed([uses('1', 'b')], [credential('b')]), undefined);
  assert.equal(
    confirmed([uses('1', 'b')], [credential('a'), credential('b', { confirmedAt: new Date(60) })]),
    undefined,
  );
  const late = [credential('a'), credential('b', { issuedAt: new Date(150) })];
  assert.equal(confirmed([uses('1', 'b')], late), undefined);
  // Certificates likewise, whatever passwords are used beside them.
  const certificates = ['c', 'd'].map((id) => credential(id, { kind: 'certificate' }));
  assert.equal(confirmed([uses('1', 'd', 'a')], [credential('a'), ...certificates]), 'd');
  assert.equal(confirmed([uses('1', 'd'), uses('2', 'c')], certificates), undefined);
  assert.equal(confirmed([uses('1', 'd', 'of-nobody')], certificates), undefined);
});
