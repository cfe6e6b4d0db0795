/** Brings a database up to date, for tests that kill the process: `DATABASE_URL`, and migrations as JSON on stdin. */
import { text } from 'node:stream/consumers';
import { type Migration, migrate } from '@millrace/fleet/database';

const [url = ''] = process.argv.slice(2);
const migrations = JSON.parse(await text(process.stdin)) as Migration[];
await migrate({ url, migrations, tell: (line) => process.stdout.write(`${line}\n`) });
