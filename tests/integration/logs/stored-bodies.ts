/** What readers of committed records find. */
import assert from 'node:assert/strict';
import type { Client } from '@millrace/client';
import { logLines } from '@millrace/pipelines';

export async function storedBodies(client: Client): Promise<string[]> {
  const bodies: string[] = [];
  const isolation = 'read_committed' as const;
  await using consumer = client.consumer({ topics: [logLines], from: 'earliest', until: 'end', isolation });
  for await (const batch of consumer) for (const { value } of batch) bodies.push(value.body);
  return bodies;
}

export function assertEachOnce(found: readonly string[], wanted: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const body of found) counts.set(body, (counts.get(body) ?? 0) + 1);
  const twice = [...counts].filter(([, count]) => count > 1).map(([body]) => body);
  const missing = wanted.filter((body) => !counts.has(body));
  assert.deepEqual({ twice, missing }, { twice: [], missing: [] });
  assert.equal(found.length, wanted.length);
}
