/** The suite of graphs on the embedded record store, in memory and on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openMemoryStore, openOrderedStore } from '../ordered/open-ordered-store.ts';
import { openEmbeddedRecords } from '../records/embedded/embedded-records.ts';
import { runSuite } from '../records/testing/suite.ts';
import { graphs } from './testing/graph-suite.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-graph-'));
after(() => rm(folder, { recursive: true }));

runSuite(
  {
    name: 'graphs embedded, in memory',
    namespace: 'test',
    open: () => openEmbeddedRecords({ store: openMemoryStore() }),
  },
  [graphs],
);
runSuite(
  {
    name: 'graphs embedded, on disk',
    namespace: 'test',
    open: () => openEmbeddedRecords({ store: openOrderedStore({ directory: join(folder, 'suite') }) }),
  },
  [graphs],
);
