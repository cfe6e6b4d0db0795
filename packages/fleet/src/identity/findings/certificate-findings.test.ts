import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaredFleet } from '../testing/declared-fleet.ts';
import { certificateFindings } from './certificate-findings.ts';
import type { FindingsInput } from './finding.ts';

const now = new Date('2026-06-01T00:00:00Z');
const inDays = (days: number): Date => new Date(now.getTime() + days * 86_400_000);

function told(given: Partial<FindingsInput>): string[] {
  const input: FindingsInput = {
    ...{ fleet: declaredFleet({}), clusters: [], credentials: [], shutOut: new Map(), unusedDays: 30, now },
    ...{ seen: { uses: [], watchedSince: () => undefined }, needsIdempotentWrite: () => false },
    ...{ authorities: [], serverCertificates: [] },
    ...given,
  };
  return certificateFindings(input).map(
    ({ kind, severity, text, advice }) => `${kind} ${severity}: ${text}: ${advice}`,
  );
}

const kind = 'certificate_expiring';
const authority = { id: 'a1', state: 'current', subject: 'CN=one' } as const;

test('an authority that ends within a year is told, urgently when it is about to, with what to do next', () => {
  assert.deepEqual(told({ authorities: [{ ...authority, expiresAt: inDays(366) }] }), []);
  const [soon = ''] = told({ authorities: [{ ...authority, expiresAt: inDays(365) }] });
  assert.match(
    soon,
    /^certificate_expiring medium: the authority .* expires in 365 days, 2027-.*: millrace authority rep/,
  );
  const next = { id: 'a2', state: 'next', subject: 'CN=two', expiresAt: inDays(3_650) } as const;
  const both = told({ authorities: [{ ...authority, expiresAt: inDays(-1) }, next] });
  assert.equal(both.length, 1);
  assert.match(
    both[0] ?? '',
    /high: the authority .* expired 2026-05-31.*: have all clusters trust .*authority activate$/,
  );
});

test('certificates of brokers that end soon are told, those of a cluster that end together as one', () => {
  const broker = (nodeId: number, expiresAt: Date, cluster = 'east') => {
    return { cluster, nodeId, address: `b${nodeId}:9093`, expiresAt };
  };
  const found = told({
    serverCertificates: [
      ...[9, 8, 7, 3, 2, 1].map((nodeId) => broker(nodeId, inDays(20))),
      broker(1, inDays(20), 'west'),
      broker(4, inDays(2)),
      broker(5, inDays(31)),
    ],
  });
  assert.deepEqual(
    found.map((text) => text.slice(0, text.indexOf(', 2026'))),
    [
      `${kind} medium: the certificate that brokers 1, 2, 3, 7, 8 and 1 more of east show expires in 20 days`,
      `${kind} medium: the certificate that broker 1 of west shows expires in 20 days`,
      `${kind} high: the certificate that broker 4 of east shows expires in 2 days`,
    ],
  );
});
