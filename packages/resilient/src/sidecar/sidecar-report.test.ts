/** What the service is told of programs that nobody decodes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SidecarMeasures } from './sidecar-measures.ts';
import { SidecarReport } from './sidecar-report.ts';

const target = { cluster: { name: 'east', generation: 0 }, version: 3, credential: 'new' };
const wants = [{ topic: 'orders', role: 'producer' } as const];

test('a credential that connections still use is named beside the one that it logs in with now', () => {
  const report = new SidecarReport(new SidecarMeasures(), 0);
  const told = (inUse: readonly string[]) => {
    const [stream] = report.streams(wants, target, inUse, 1_000);
    return [stream?.credential, stream?.otherCredentials];
  };
  assert.deepEqual(told(['new']), ['new', undefined]);
  assert.deepEqual(told(['old', 'new']), ['new', ['old']]);
  assert.deepEqual(told(['old']), ['new', ['old']]);
});

test('topics of one role are told an equal share of what passed, and no count of records', () => {
  const measures = new SidecarMeasures();
  const report = new SidecarReport(measures, 0);
  measures.answered('Produce', 2, 6_000, 100);
  measures.answered('Fetch', 2, 50, 900);
  const all = [
    ...wants,
    { topic: 'returns', role: 'producer' } as const,
    { topic: 'orders', role: 'consumer' } as const,
  ];
  const told = report.streams(all, target, [], 3_000);
  assert.deepEqual(
    told.map(({ topic, role, bytesPerSecond }) => [topic, role, bytesPerSecond]),
    [
      ['orders', 'producer', 1_000],
      ['returns', 'producer', 1_000],
      ['orders', 'consumer', 300],
    ],
  );
  assert.ok(told.every((each) => !('recordsPerSecond' in each) && !('errorsPerSecond' in each)));
});
