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
