/** Who clients are, by which listener and mechanism, and what happens to those who are not who they say. */
import { by, type Caller, type Driver, outcomeOf, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { kcat, speaksScram } from '../drivers/kcat.ts';
import { millrace } from '../drivers/millrace.ts';
import { access, certified, expiredToken, grant, type Mechanism, mechanisms } from '../matrix/access.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';

const login = ['SaslHandshake', 'SaslAuthenticate'] as const;
const messages = [{ value: 'one' }, { value: 'two' }];

export const logins: readonly Behaviour[] = [
  ...mechanisms.flatMap((mechanism) =>
    (['SASL_PLAINTEXT', 'SASL_SSL'] as const).map((listener) => ({
      name: `who logs in by ${mechanism} over ${listener} writes and reads as a member of a group`,
      apis: [...login, 'Produce', 'Fetch', 'JoinGroup'] as const,
      profile: 'secured' as const,
      shows: ['one', 'two'],
      by: by(speaking(mechanism), (driver, place, scope) =>
        writeAndRead(driver, place, scope, { access: access(place, listener, mechanism, 'admin') }),
      ),
    })),
  ),
  {
    name: 'who shows a certificate over SSL is its subject, which may do what it is granted',
    apis: ['Produce', 'Fetch', 'CreateAcls'],
    profile: 'secured',
    shows: { before: 'TOPIC_AUTHORIZATION_FAILED', after: ['one', 'two'] },
    by: by(drivers, async (driver, place, scope) => {
      const caller = { access: certified(place) };
      const topic = await scope.createTopic();
      const before = await outcomeOf(driver, () => driver.produce(place, scope, { topic, messages, ...caller }));
      await grant(place, scope, 'User:CN=client', [
        { resourceType: 'topic', resourceName: topic, operation: 'write' },
        { resourceType: 'topic', resourceName: topic, operation: 'read' },
        { resourceType: 'group', resourceName: scope.name('group'), operation: 'read' },
      ]);
      return { before, after: await writeAndRead(driver, place, scope, caller, topic) };
    }),
  },
  {
    name: 'who shows no certificate over SSL is not let in',
    apis: ['Produce'],
    profile: 'secured',
    shows: 'refused',
    by: by(drivers, async (driver, place, scope) => {
      const { listener, tls } = certified(place);
      const caller = { access: { listener, tls: { ca: tls?.ca } } };
      const topic = await scope.createTopic();
      const outcome = await outcomeOf(driver, () => driver.produce(place, scope, { topic, messages, ...caller }));
      return outcome === 'done' ? outcome : 'refused';
    }),
  },
  ...mechanisms
    .filter((mechanism) => mechanism !== 'OAUTHBEARER')
    .map((mechanism) => ({
      name: `a wrong password with ${mechanism} is a failed authentication`,
      apis: login,
      profile: 'secured' as const,
      shows: 'SASL_AUTHENTICATION_FAILED',
      by: by(speaking(mechanism), (driver, place, scope) =>
        outcomeOfLogin(driver, place, scope, { access: access(place, 'SASL_PLAINTEXT', mechanism, 'alice', 'wrong') }),
      ),
    })),
  {
    name: 'a token that has expired is a failed authentication',
    apis: login,
    profile: 'secured',
    shows: 'SASL_AUTHENTICATION_FAILED',
    // kcat makes its own tokens; the others take the refusal, which comes in two steps, for a lost connection.
    by: by([millrace], (driver, place, scope) =>
      outcomeOfLogin(driver, place, scope, { access: expiredToken('SASL_PLAINTEXT') }),
    ),
  },
  ...(speaksScram()
    ? []
    : [
        {
          name: 'a nonce that is not the one of the exchange is a failed authentication',
          apis: login,
          profile: 'secured' as const,
          shows: 'SASL_AUTHENTICATION_FAILED',
          by: by([kcat], (driver, place, scope) =>
            outcomeOfLogin(driver, place, scope, { access: access(place, 'SASL_SSL', 'SCRAM-SHA-256', 'admin') }),
          ),
        },
      ]),
];

function speaking(mechanism: Mechanism): readonly Driver[] {
  return drivers.filter(({ mechanisms: spoken }) => spoken.includes(mechanism));
}

async function writeAndRead(driver: Driver, place: Place, scope: Scope, caller: Caller, known?: string) {
  const topic = known ?? (await scope.createTopic());
  await driver.produce(place, scope, { topic, messages, ...caller });
  const group = scope.name('group');
  return valuesOf(await driver.readInGroup(place, scope, { topic, group, count: messages.length, ...caller }));
}

/** What comes of a login with which something is to be written. */
async function outcomeOfLogin(driver: Driver, place: Place, scope: Scope, caller: Caller): Promise<string> {
  const topic = await scope.createTopic();
  return await outcomeOf(driver, () => driver.produce(place, scope, { topic, messages, ...caller }));
}
