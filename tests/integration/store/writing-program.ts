/**
 * Writes to a store until it is killed, and tells its parent of each write once it is acknowledged:
 *
 *     writing-program.ts DIRECTORY (synced|rebuildable) FIRST
 *
 * Batch N puts N into two spaces, sets the last number, and now and then deletes a range that batch N - 50 had filled.
 * Beside that records are put and a counter is added to, in the same store.
 */
import { add, openEmbeddedRecords, openOrderedStore } from '@millrace/store';
import { numberKey, place, rangesEvery } from './written.ts';

export interface Acknowledged {
  readonly type: 'batch' | 'record';
  readonly number: number;
}

const [directory = '', kind, first = '0'] = process.argv.slice(2);
const rebuildable = kind === 'rebuildable';
const store = openOrderedStore({ directory, rebuildable });
const records = await openEmbeddedRecords({ store, durable: !rebuildable });
const [left, right, last] = ['left', 'right', 'last'].map((name) => store.space(name));
if (left === undefined || right === undefined || last === undefined) throw new Error('there are three spaces');

function tell(acknowledged: Acknowledged): void {
  process.send?.(acknowledged);
}

async function writeBatches(): Promise<never> {
  for (let number = Number(first); ; number++) {
    const batch = store.batch();
    const value = Buffer.alloc(1 + (number % 7) * 400, number % 256);
    if (left && right && last) {
      batch.put(left, numberKey(number), value);
      batch.put(right, numberKey(number), value);
      batch.put(last, numberKey(0), numberKey(number));
      if (number % rangesEvery === 0) {
        const range = { from: numberKey(number - 2 * rangesEvery), to: numberKey(number - rangesEvery) };
        batch.deleteRange(left, range);
        batch.deleteRange(right, range);
      }
    }
    const written = store.write(batch, { durable: !rebuildable && number % 3 === 0 });
    // Some are on their way together.
    if (number % 5 !== 0) await written;
    void written.then(() => tell({ type: 'batch', number }));
  }
}

async function writeRecords(): Promise<never> {
  for (let number = Number(first); ; number++) {
    await Promise.all([
      records.put({ ...place, key: number }, { number, even: number % 2 }),
      records.operate({ ...place, key: 'counter' }, [add('count', 1)]),
    ]);
    tell({ type: 'record', number });
  }
}

await Promise.all([writeBatches(), writeRecords()]);
