/** The process that runs a query with Millrace: state on disk, exactly once, everything else as it comes. */
import { createClient } from '@millrace/client';
import { openOrderedStore } from '@millrace/store';
import { startJob } from '@millrace/streams';
import { nexmarkQueries } from '@millrace/streams/testing/nexmark';
import type { QueryRun } from './subjects.ts';

const { bootstrap, query, run, graceMs, auctionMsMax, directory } = JSON.parse(process.argv[2] ?? '{}') as QueryRun;
const found = nexmarkQueries.find(({ name }) => name === query);
if (found === undefined) throw new Error(`there is no query ${query}`);
const client = createClient({ bootstrap });
const state = openOrderedStore({ directory });
const job = await startJob(found.build({ graceMs, auctionMsMax, run }), { client, state });
process.once('SIGTERM', () => void job.close());
await job.finished;
await state.close();
await client.close();
