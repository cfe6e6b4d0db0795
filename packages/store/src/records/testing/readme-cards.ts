/** The first example of the README, so that it compiles and runs. All below this comment is in it, but for the door. */
import { add, list, map, openEmbeddedRecords, openOrderedStore, type RecordStore, read } from '../../index.ts';

export async function seenCards(directory: string): Promise<string> {
  await using records: RecordStore = await openEmbeddedRecords({ store: openOrderedStore({ directory }) });
  const card = { namespace: 'risk', set: 'cards', key: '4111 1111' };

  await records.put(card, { country: 'CH', limit: 500 }, { ttl: 86_400 });
  await records.createIndex({ namespace: 'risk', set: 'cards', bin: 'country', name: 'by-country', type: 'text' });

  // One atomic step: count, remember the last ten shops, and ask for the three with most visits.
  const { bins, generation } = await records.operate(card, [
    add('payments', 1),
    list.append('shops', ['bakery']),
    list.trim('shops', -10),
    map.increment('visits', 'bakery'),
    map.highest('visits', 3),
    read('payments'),
  ]);
  // Changes nothing when somebody else was faster: refused with the code `generation`.
  await records.put(card, { limit: 900 }, { generation });

  const where = { equals: 'CH' };
  const page = await records.query({ index: { namespace: 'risk', name: 'by-country' }, where });
  return `${bins['payments']} payment, ${page.records.length} card, limit ${page.records[0]?.bins['limit']}`;
}
