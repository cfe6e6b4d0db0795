/** The suite on the embedded store, in memory and on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openMemoryStore, openOrderedStore } from '../../ordered/open-ordered-store.ts';
import { collections } from '../testing/collections.ts';
import { lifetimes } from '../testing/lifetimes.ts';
import { manyRecords } from '../testing/many-records.ts';
import { scalarOperations } from '../testing/scalar-operations.ts';
import { singleRecords } from '../testing/single-records.ts';
import { runSuite } from '../testing/suite.ts';
import { openEmbeddedRecords } from './embedded-records.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-records-'));
after(() => rm(folder, { recursive: true }));

const parts = [singleRecords, lifetimes, scalarOperations, collections, manyRecords];
runSuite(
  {
    name: 'embedded, in memory',
    namespace: 'test',
    open: () => openEmbeddedRecords({ store: openMemoryStore() }),
  },
  parts,
);
runSuite(
  {
    name: 'embedded, on disk',
    namespace: 'test',
    open: () => openEmbeddedRecords({ store: openOrderedStore({ directory: join(folder, 'suite') }), durable: true }),
  },
  parts,
);
