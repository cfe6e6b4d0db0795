/** An application whose password is replaced, twice, while a foreign client produces with it as fast as it can. */
import assert from 'node:assert/strict';
import {
  confirmCredentialContract,
  type IssuedSecret,
  issueCredentialContract,
  listCredentialsContract,
  rotateCredentialContract,
} from '@millrace/api/fleet';
import { eventually } from '../../support/eventually.ts';
import { ForeignLoad } from './foreign-load.ts';
import type { IdentityFixture } from './identity-fixture.ts';
import { foreignClient, type Login, type SecuredSite, send } from './secured-site.ts';

export function loginOf(secret: IssuedSecret | undefined): Login {
  assert.equal(secret?.kind, 'scram');
  const { username, password } = secret as Extract<IssuedSecret, { kind: 'scram' }>;
  return { username, password };
}

/** Answers all passwords that were shown. The application is declared to produce to the topic on this site alone. */
export async function rotateUnderLoad(
  fleet: IdentityFixture,
  site: SecuredSite,
  name: string,
  topic: string,
): Promise<string[]> {
  const params = { name };
  let current = loginOf((await fleet.call(issueCredentialContract, { params, body: {} })).secret);
  const shown = [current.password];
  const client = (login: Login) => foreignClient(site.bootstrap('SASL_PLAINTEXT'), login);
  const load = await ForeignLoad.start(topic, client(current));
  const more = async (records: number): Promise<void> => {
    const before = load.sent;
    await eventually(() => load.sent >= before + records || load.refusals.length > 0);
  };
  try {
    await more(200);
    for (const username of [`${name}.b`, `${name}.a`]) {
      const old = current;
      const { secret, credential } = await fleet.call(rotateCredentialContract, { params, body: {} });
      current = loginOf(secret);
      shown.push(current.password);
      assert.equal(current.username, username);
      await more(100);
      await load.goOnAs(client(current));
      await fleet.call(confirmCredentialContract, { params: { name, id: credential.id }, body: {} });
      await eventually(async () => {
        const { items } = await fleet.call(listCredentialsContract, { params });
        return items.filter(({ state }) => state === 'valid').length === 1;
      });
      await assert.rejects(send(site, old, topic), /authentication|credentials/i);
      await more(200);
    }
  } finally {
    await load.stop();
  }
  assert.deepEqual(load.refusals, []);
  assert.ok(load.sent >= 800, `${load.sent} records were sent`);
  return shown;
}
