/**
 * A process of the control plane, for tests that kill or stop it: `URL HOLDER`. Its rehearsed steps say that they have
 * begun; `step 2` of the process `one` waits for a line on stdin.
 */
import { once } from 'node:events';
import { isMillraceError } from '@millrace/base';
import { openDatabase } from '@millrace/fleet/database';
import { openTestControl } from './control-fixture.ts';
import { rehearsal } from './rehearsal.ts';

const [url = '', holder = ''] = process.argv.slice(2);
const own = await openDatabase({ url });
const part = rehearsal(own, {
  holder,
  onBegun: async (step) => {
    process.stdout.write(`begun ${step}\n`);
    if (holder === 'one' && step === 'step 2') await once(process.stdin, 'data');
  },
  onRefused: (step, error) => {
    process.stdout.write(`refused ${step}: ${isMillraceError(error) ? error.code : error}\n`);
  },
});
await openTestControl(url, { parts: [part], name: holder });
process.stdout.write('ready\n');
