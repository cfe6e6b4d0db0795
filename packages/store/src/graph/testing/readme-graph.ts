/** The README's example of a graph, so that it compiles and runs. All below this comment is in it, but for the door. */
import { openGraph, P, type RecordStore } from '../../index.ts';

export async function othersOnItsDevices(records: RecordStore, account: string): Promise<readonly string[]> {
  await using graph = await openGraph({ records, namespace: 'risk', name: 'entities' });
  await graph.upsertVertex({ id: 'd7', label: 'device', properties: { trusted: false } });
  await graph.upsertEdge({ from: account, label: 'uses', to: 'd7', weight: 3, time: Date.now() });

  const { results, complete, why } = await graph
    .V(account)
    .as('me')
    .outE('uses')
    .has('weight', P.gte(2))
    .inV()
    .in('uses')
    .whereMarked('neq', 'me')
    .dedup()
    .id()
    .run({ timeMs: 20, fanOutMax: 10_000 });
  return complete ? results : [...results, `and perhaps others (${why})`];
}
