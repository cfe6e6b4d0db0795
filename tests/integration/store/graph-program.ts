/**
 * Upserts and removes edges until it is killed, and tells its parent of each once it is acknowledged:
 *
 *     graph-program.ts DIRECTORY FIRST
 *
 * Number N upserts the edge N, and removes the edge N - 20 where that is odd. All leave one vertex.
 */
import { openEmbeddedRecords, openGraph, openOrderedStore } from '@millrace/store';
import { numberedEdge } from './numbered-edge.ts';

const [directory = '', first = '0'] = process.argv.slice(2);
const records = await openEmbeddedRecords({ store: openOrderedStore({ directory }) });
const graph = await openGraph({ records, namespace: 'test', name: 'g', pageBytesMax: 1_024 });

const UNDER_WAY = 30;
let next = Number(first);

async function write(): Promise<never> {
  for (;;) {
    const number = next++;
    await graph.upsertEdge({ ...numberedEdge(number), weight: number });
    process.send?.({ upserted: number });
    const removed = number - 20;
    if (removed < Number(first) || removed % 2 === 0) continue;
    await graph.removeEdges([numberedEdge(removed)]);
    process.send?.({ removed });
  }
}

await Promise.all(Array.from({ length: UNDER_WAY }, write));
