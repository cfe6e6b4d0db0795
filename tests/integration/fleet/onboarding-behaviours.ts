/** What must hold of onboarding on any cluster with an authorizer. */
import assert from 'node:assert/strict';
import { collectCredentialsContract } from '@millrace/api/fleet';
import { unwrap } from '@millrace/client';
import { cyd, type OnboardingFixture, smallTopic } from './onboarding-fixture.ts';
import { loginOf } from './rotate-under-load.ts';
import { type Login, type SecuredSite, send } from './secured-site.ts';

/**
 * A request that policies approve ends with a topic, ACLs and credentials with which a foreign client produces, on each
 * of the sites; with another's credentials, or without any, it is denied.
 */
export async function approvedAndUsed(
  fixture: OnboardingFixture,
  sites: readonly SecuredSite[],
  topic: string,
): Promise<void> {
  const { test } = fixture;
  const writer = `${topic}.writer`;
  const asked = smallTopic(topic, {
    applications: [
      { name: writer, role: 'producer' },
      { name: `${topic}.reader`, role: 'consumer' },
    ],
  });
  const request = await fixture.ask(cyd, asked, topic);
  assert.equal(request.verdict.decision, 'approve', JSON.stringify(request.verdict.sayings));
  assert.equal((await fixture.ask(cyd, asked, topic)).id, request.id);
  const done = await fixture.until(request, 'done');
  assert.deepEqual([done.decidedBy, done.requester], ['policies', 'user:cyd']);
  const collect = () => fixture.call(cyd, collectCredentialsContract, { params: { id: done.id ?? '' }, body: {} });
  const { credentials } = await collect();
  const [login, reader] = [writer, `${topic}.reader`].map((name) =>
    loginOf(credentials.find(({ application }) => application === name)?.secret),
  ) as [Login, Login];
  const again = await collect();
  assert.deepEqual(
    again.credentials.map(({ secret, problem }) => [secret, problem?.includes('has a password already')]),
    [
      [undefined, true],
      [undefined, true],
    ],
  );
  const record = await test.control.record.read();
  for (const site of sites) {
    const [described] = unwrap(await (await fixture.admin(site.name)).describeTopics([topic]));
    assert.equal(described?.partitions.length, record.get('topic', `${site.name}/${topic}`)?.spec.partitions);
    await send(site, login, topic);
    await assert.rejects(send(site, reader, topic), /authoriz/i, site.name);
    await assert.rejects(
      send(site, { ...login, password: 'a guess' }, topic),
      /authentication|credentials/i,
      site.name,
    );
  }
}
