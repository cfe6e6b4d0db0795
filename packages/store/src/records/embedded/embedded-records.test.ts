/** The suite on the embedded store, in memory and on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openMemoryStore, openOrderedStore } from '../../ordered/open-ordered-store.ts';
import { collections } from '../testing/collection-suite.ts';
import { lifetimes, manyRecords, recordSuite, scalarOperations, singleRecords } from '../testing/record-suite.ts';
import { openEmbeddedRecords } from './embedded-records.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-records-'));
after(() => rm(folder, { recursive: true }));

const parts = [singleRecords, lifetimes, scalarOperations, collections, manyRecords];
recordSuite(
  {
    name: 'embedded, in memory',
    namespace: 'test',
    open: () => openEmbeddedRecords({ store: openMemoryStore() }),
  },
  parts,
);
recordSuite(
  {
    name: 'embedded, on disk',
    namespace: 'test',
    open: () => openEmbeddedRecords({ store: openOrderedStore({ directory: join(folder, 'suite') }), durable: true }),
  },
  parts,
);
