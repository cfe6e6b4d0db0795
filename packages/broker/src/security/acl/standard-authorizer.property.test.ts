/**
 * The authorizer's answers against those of a model that looks at every entry for each question, word by word as
 * Apache Kafka's StandardAuthorizer and its documentation describe it. Names are short and few, so that patterns meet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Operation, ResourceType } from '../authorization.ts';
import { type Acl, aclKey, operationNumbers, resourceTypeNumbers } from './acl.ts';
import { AclIndex } from './acl-index.ts';
import { StandardAuthorizer } from './standard-authorizer.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const operations: Operation[] = [
  'Read',
  'Write',
  'Describe',
  'Alter',
  'Delete',
  'DescribeConfigs',
  'AlterConfigs',
  'Create',
];
const types: ResourceType[] = ['Topic', 'Group', 'TransactionalId'];
const users = ['alice', 'bob', 'root'];
const hosts = ['10.0.0.1', '10.0.0.2'];
const names = ['a', 'ab', 'abc', 'b', 'ba', 'hardcode', '*'];

const acl: fc.Arbitrary<Acl> = fc.record({
  resourceType: fc.constantFrom(...types.map((type) => resourceTypeNumbers[type])),
  resourceName: fc.constantFrom(...names),
  patternType: fc.constantFrom(3, 4),
  principal: fc.constantFrom(...users.map((user) => `User:${user}`), 'User:*'),
  host: fc.constantFrom(...hosts, '*'),
  operation: fc.constantFrom(2, ...operations.map((operation) => operationNumbers[operation])),
  permissionType: fc.constantFrom(2, 3, 3),
});
const steps = fc.array(fc.record({ isAdd: fc.constantFrom(true, true, true, false), acl }), { maxLength: 25 });

interface Question {
  readonly user: string;
  readonly host: string;
  readonly operation: Operation;
  readonly type: ResourceType;
  readonly name: string;
}

const question: fc.Arbitrary<Question> = fc.record({
  user: fc.constantFrom(...users),
  host: fc.constantFrom(...hosts),
  operation: fc.constantFrom(...operations),
  type: fc.constantFrom(...types),
  name: fc.constantFrom('a', 'ab', 'abc', 'b', 'c', '*'),
});

function isAbout(entry: Acl, type: ResourceType, name: string): boolean {
  if (entry.resourceType !== resourceTypeNumbers[type]) return false;
  if (entry.patternType === 4) return name.startsWith(entry.resourceName);
  return entry.resourceName === '*' || entry.resourceName === name;
}

function isFor(entry: Acl, user: string, host: string): boolean {
  return ['User:*', `User:${user}`].includes(entry.principal) && ['*', host].includes(entry.host);
}

function permits(entry: Acl, operation: Operation): boolean {
  const granted = ['All', ...Object.keys(operationNumbers)][entry.operation - 2] as string;
  if (granted === 'All' || granted === operation) return true;
  if (operation === 'Describe') return ['Read', 'Write', 'Delete', 'Alter'].includes(granted);
  return operation === 'DescribeConfigs' && granted === 'AlterConfigs';
}

function modelAllows(acls: readonly Acl[], { user, host, operation, type, name }: Question, ifNone: boolean): boolean {
  if (user === 'root') return true;
  const about = acls.filter((entry) => isAbout(entry, type, name));
  if (about.length === 0) return ifNone;
  const fitting = about.filter((entry) => isFor(entry, user, host));
  const denies = (entry: Acl): boolean => [2, operationNumbers[operation]].includes(entry.operation);
  if (fitting.some((entry) => entry.permissionType === 2 && denies(entry))) return false;
  return fitting.some((entry) => entry.permissionType === 3 && permits(entry, operation));
}

/** KIP-679: is there a name for which an entry allows it, and none that denies covers? */
function modelAllowsAny(acls: readonly Acl[], asked: Question, ifNone: boolean): boolean {
  const { user, host, operation, type } = asked;
  if (modelAllows(acls, { ...asked, name: 'hardcode' }, ifNone)) return true;
  const fitting = acls.filter(
    (entry) =>
      entry.resourceType === resourceTypeNumbers[type] &&
      isFor(entry, user, host) &&
      [2, operationNumbers[operation]].includes(entry.operation),
  );
  const denied = fitting.filter(({ permissionType }) => permissionType === 2);
  const covers = (deny: Acl, allow: Acl): boolean => {
    if (deny.patternType === 3 && deny.resourceName === '*') return true;
    const allowsAll = allow.patternType === 3 && allow.resourceName === '*';
    if (allowsAll) return false;
    if (deny.patternType === 4) return allow.resourceName.startsWith(deny.resourceName);
    return allow.patternType === 3 && deny.resourceName === allow.resourceName;
  };
  return fitting.some((allow) => allow.permissionType === 3 && !denied.some((deny) => covers(deny, allow)));
}

test('the authorizer answers as a model does that looks at every entry', () => {
  fc.assert(
    fc.property(
      steps,
      fc.array(question, { minLength: 1, maxLength: 30 }),
      fc.boolean(),
      (changes, questions, ifNone) => {
        const acls = new AclIndex();
        const present = new Map<string, Acl>();
        for (const change of changes) {
          if (change.isAdd) {
            acls.add(change.acl);
            present.set(aclKey(change.acl), change.acl);
          } else {
            acls.remove(change.acl);
            present.delete(aclKey(change.acl));
          }
        }
        assert.deepEqual([...acls.all()].map(aclKey), [...present.keys()]);
        const authorizer = new StandardAuthorizer({
          acls,
          superUsers: new Set(['User:root']),
          allowIfNoAcl: () => ifNone,
        });
        const entries = [...present.values()];
        for (const asked of questions) {
          const { user, host, operation, type, name } = asked;
          const principal = { type: 'User', name: user };
          assert.equal(authorizer.allows(principal, host, operation, type, name), modelAllows(entries, asked, ifNone));
          assert.equal(authorizer.allowsAny(principal, host, operation, type), modelAllowsAny(entries, asked, ifNone));
        }
      },
    ),
    { numRuns: Math.ceil(2000 * scale) },
  );
});

test('ten thousand entries for others cost a question little', () => {
  const build = (count: number): StandardAuthorizer => {
    const acls = new AclIndex();
    for (let index = 0; index < count; index++) {
      const entry = { resourceType: 2, host: '*', operation: 4, permissionType: 3, principal: `User:u${index}` };
      acls.add({ ...entry, resourceName: `topic-${index}`, patternType: 3 });
      acls.add({ ...entry, resourceName: `team-${index}-`, patternType: 4 });
      acls.add({ ...entry, resourceName: 'shared', patternType: 3 });
    }
    return new StandardAuthorizer({ acls, superUsers: new Set(), allowIfNoAcl: () => false });
  };
  // Counted, not timed: how many entries a question looks at.
  const authorizer = build(10_000);
  const principal = { type: 'User', name: 'u7' };
  for (const [name, expected] of [
    ['topic-7', true],
    ['shared', true],
    ['team-7-orders', true],
    ['team-8-orders', false],
    ['topic-8', false],
  ] as const) {
    assert.equal(authorizer.allows(principal, '10.0.0.1', 'Write', 'Topic', name), expected, name);
  }
  let looked = 0;
  const index = new AclIndex();
  for (let user = 0; user < 10_000; user++) {
    const entry = { resourceType: 2, host: '*', operation: 4, permissionType: 3, principal: `User:u${user}` };
    index.add({ ...entry, resourceName: 'shared', patternType: 3 });
  }
  index.about(2, 'shared', 'User:u7', () => {
    looked += 1;
    return false;
  });
  assert.equal(looked, 1);
});
