/** Where a graph lies: in a directory of this machine, or in Aerospike. */

import type { Graph } from '@millrace/store';
import { text, withDefault } from '../framework/option.ts';

export const graphOptions = {
  directory: withDefault(text({ placeholder: 'DIR', help: 'Of the embedded store' }), '.millrace/graph'),
  aerospike: text({ placeholder: 'HOST:PORT,...', help: 'The servers of a cluster, in place of a directory' }),
  namespace: withDefault(text({ placeholder: 'NAME', help: 'Of the records' }), 'graph'),
  name: withDefault(text({ placeholder: 'NAME', help: 'Of the graph' }), 'graph'),
};

export interface GraphPlace {
  readonly directory: string;
  readonly aerospike: string | undefined;
  readonly namespace: string;
  readonly name: string;
}

/** Opens a graph for as long as `use` takes. */
export async function withGraph<T>(place: GraphPlace, use: (graph: Graph) => Promise<T>): Promise<T> {
  const { directory, aerospike, namespace, name } = place;
  const { openAerospikeRecords, openEmbeddedRecords, openGraph, openOrderedStore } = await import('@millrace/store');
  await using records =
    aerospike === undefined
      ? await openEmbeddedRecords({ store: openOrderedStore({ directory }) })
      : await openAerospikeRecords({ hosts: aerospike });
  await using graph = await openGraph({ records, namespace, name });
  return await use(graph);
}
