/**
 * A capture in a process of its own, to be killed: `DATABASE_URL BOOTSTRAP NAME COMMIT_RECORDS`. A Kafka transaction
 * has so many records at most, so that most of the source's larger transactions span several. It says when the first is
 * committed.
 */
import { createClient } from '@millrace/client';
import { runCapture } from '@millrace/postgres';

const [url = '', bootstrap = '', name = '', commitRecords = ''] = process.argv.slice(2);
const client = createClient({ bootstrap });
let isTold = false;
await runCapture(
  {
    ...{ url, kafka: client, name, commitRecords: Number(commitRecords), tables: ['t'] },
    report: ({ kind }) => {
      if (kind !== 'committed' || isTold) return;
      isTold = true;
      process.send?.(kind);
    },
  },
  new AbortController().signal,
);
