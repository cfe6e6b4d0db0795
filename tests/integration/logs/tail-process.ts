/** A tailer as a process, for tests that kill it. Arguments: bootstrap, the tailer's name, files. */
import { createClient } from '@millrace/client';
import { tailFiles } from '@millrace/pipelines';

const [bootstrap = '', name = '', ...paths] = process.argv.slice(2);
const client = createClient({ bootstrap, retryBackoffMs: 10, retryBackoffMaxMs: 200 });
await tailFiles({
  ...{ client, name, paths, graceMs: 300, joinMs: 50, pollMs: 10, signal: new AbortController().signal },
  onStored: ({ lines }) => process.stdout.write('.'.repeat(lines)),
  warn: (message) => process.env['MILLRACE_TEST_LOG'] !== undefined && process.stderr.write(`${message}\n`),
});
