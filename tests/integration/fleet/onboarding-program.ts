/**
 * A process of the control plane with onboarding, for tests that kill it: `URL ADDRESSES METHOD`. A call of an admin's
 * that is named METHOD is made, said on stdout, and never answered.
 */
import type { Admin, Client } from '@millrace/client';
import { type Addresses, openTestOnboarding } from './onboarding-fixture.ts';

const [url = '', addresses = '[]', method = ''] = process.argv.slice(2);

const bound = (target: object, key: PropertyKey): unknown => {
  const value: unknown = Reflect.get(target, key);
  return typeof value === 'function' ? value.bind(target) : value;
};

const stuckAdmin = (admin: Admin): Admin =>
  new Proxy(admin, {
    get: (target, key) => {
      const value = bound(target, key);
      if (key !== method) return value;
      return async (...given: unknown[]) => {
        await (value as (...given: unknown[]) => Promise<unknown>)(...given);
        process.stdout.write(`did ${method}\n`);
        await new Promise(() => undefined);
      };
    },
  });

const stuckClient = (client: Client): Client =>
  new Proxy(client, {
    get: (target, key) => (key === 'admin' ? () => stuckAdmin(target.admin()) : bound(target, key)),
  });

await openTestOnboarding(url, new Map(JSON.parse(addresses) as [string, Addresses][]), stuckClient);
process.stdout.write('ready\n');
