/** What becomes of one entry of a batch, by the operation that it stands for. */
import { RecordError } from './record-error.ts';
import type { BatchEntry, BatchOutcome, RecordStore } from './record-store.ts';

/** Does an entry; a refusal is its outcome, what concerns the whole store is thrown. */
export async function outcomeOf(store: RecordStore, entry: BatchEntry): Promise<BatchOutcome> {
  try {
    switch (entry.type) {
      case 'get':
        return { type: 'get', record: await store.get(entry.key, entry.bins) };
      case 'put':
        return { type: 'put', generation: await store.put(entry.key, entry.bins, entry.options) };
      case 'operate':
        return { type: 'operate', result: await store.operate(entry.key, entry.operations, entry.options) };
      case 'remove':
        return { type: 'remove', removed: await store.remove(entry.key, entry.options) };
    }
  } catch (error) {
    if (error instanceof RecordError) return { type: 'error', error };
    throw error;
  }
}
