import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuditContent, auditDigest } from './audit-entry.ts';

const entry: AuditContent = {
  seq: 2,
  at: new Date('2026-03-01T12:00:00.000Z'),
  principal: 'user:ann',
  action: 'declared.changed',
  kind: 'topic',
  id: 'east/orders',
  before: { partitions: 3 },
  after: { partitions: 6 },
  why: 'more load',
  operation: null,
  previous: 'a'.repeat(64),
};

test('a digest is the one that logs written earlier have', () => {
  assert.equal(auditDigest(entry), '773770d392ae46e5a893f798cc64f98605ed5cd90c998eb48cb0c93a1a367f02');
});

test('a digest is of everything that an entry says', () => {
  const others: Partial<AuditContent>[] = [
    { seq: 3 },
    { at: new Date('2026-03-01T12:00:00.001Z') },
    { principal: 'user:bob' },
    { action: 'declared.created' },
    { kind: null },
    { id: 'east/order' },
    { before: null },
    { after: { partitions: 7 } },
    { why: '' },
    { operation: 'x' },
    { previous: 'b'.repeat(64) },
  ];
  assert.equal(new Set([entry, ...others.map((other) => ({ ...entry, ...other }))].map(auditDigest)).size, 12);
});
