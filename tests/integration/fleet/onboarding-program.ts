/**
 * A process of the control plane, for tests that kill it: `URL CLUSTERS KEYS METHOD`. A call of an admin's that is
 * named METHOD is made, said on stdout, and never answered.
 */
import { type ClientOptions, createClient } from '@millrace/client';
import { openTestControl } from './control-fixture.ts';
import { controlOptions } from './onboarding-fixture.ts';

const [url = '', clusters = '[]', keyDirectory = '', method = ''] = process.argv.slice(2);
const addresses = new Map(JSON.parse(clusters) as [string, ClientOptions][]);

if (method !== '') {
  const [anyone] = addresses.values();
  const admins = Object.getPrototypeOf(createClient(anyone as ClientOptions).admin());
  const call = admins[method] as (...given: unknown[]) => Promise<unknown>;
  admins[method] = async function stuck(this: unknown, ...given: unknown[]) {
    await call.apply(this, given);
    process.stdout.write(`did ${method}\n`);
    await new Promise(() => undefined);
  };
}
await openTestControl(url, controlOptions(addresses, keyDirectory));
process.stdout.write('ready\n');
