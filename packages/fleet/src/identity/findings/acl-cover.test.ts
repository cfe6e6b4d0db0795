/** What ACLs cover, against a model that asks of many names whether each is about them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AclBinding } from '@millrace/client';
import fc from 'fast-check';
import { coverOf, denialOf, isCoveredBy } from './acl-cover.ts';

const scale = Number(process.env['MILLRACE_TEST_SCALE'] ?? 1);
const names = ['a', 'ab', 'abc', 'b', 'ba', 'c'];
const acl: fc.Arbitrary<AclBinding> = fc.record({
  resourceType: fc.constantFrom('topic', 'group'),
  resourceName: fc.constantFrom(...names, '*'),
  patternType: fc.constantFrom('literal', 'prefixed'),
  principal: fc.constantFrom('User:ann', 'User:bob', 'User:*'),
  host: fc.constantFrom('*', '10.0.0.1'),
  operation: fc.constantFrom('all', 'read', 'write', 'describe'),
  permission: fc.constantFrom('allow', 'deny'),
});

/** Longer ones stand for all that begin like a prefix. */
const probes = [...names, ...names.flatMap((name) => [`${name}x`, `${name}bx`]), 'x'];

function isAbout({ resourceName, patternType }: AclBinding, name: string): boolean {
  if (patternType === 'prefixed') return name.startsWith(resourceName);
  return resourceName === '*' || resourceName === name;
}

test('what one ACL is about of another is what it is about of all names', () => {
  fc.assert(
    fc.property(acl, acl, (one, other) => {
      const reached = probes.filter((name) => isAbout(other, name));
      const both = reached.filter((name) => isAbout(one, name));
      // A prefix of a star itself is no name that topics have.
      fc.pre(!(one.patternType === 'prefixed' && one.resourceName === '*'));
      fc.pre(!(other.patternType === 'prefixed' && other.resourceName === '*'));
      const expected =
        one.resourceType !== other.resourceType || both.length === 0
          ? 'none'
          : both.length === reached.length
            ? 'all'
            : 'some';
      assert.equal(coverOf(one, other), expected);
    }),
    { numRuns: 2_000 * scale },
  );
});

test('an ACL that follows from another allows nothing more', () => {
  const operations = ['read', 'write', 'describe'] as const;
  const allows = (entry: AclBinding, user: string, host: string, operation: string, name: string): boolean =>
    [user, 'User:*'].includes(entry.principal) &&
    ['*', host].includes(entry.host) &&
    (entry.operation === 'all' ||
      entry.operation === operation ||
      (operation === 'describe' && ['read', 'write'].includes(entry.operation))) &&
    isAbout(entry, name);
  fc.assert(
    fc.property(acl, acl, (first, second) => {
      const one: AclBinding = { ...first, permission: 'allow' };
      const other: AclBinding = { ...second, permission: 'allow', resourceType: first.resourceType };
      if (!isCoveredBy(one, other)) return;
      for (const user of ['User:ann', 'User:bob']) {
        for (const host of ['10.0.0.1', '10.0.0.2']) {
          for (const operation of operations) {
            for (const name of probes) {
              if (allows(one, user, host, operation, name)) assert.ok(allows(other, user, host, operation, name));
            }
          }
        }
      }
    }),
    { numRuns: 2_000 * scale },
  );
});

test('a denial of something else takes nothing', () => {
  const allowed: AclBinding = {
    ...{ resourceType: 'topic', resourceName: 'a', patternType: 'literal', principal: 'User:ann' },
    ...{ host: '*', operation: 'read', permission: 'allow' },
  };
  const denied = (given: Partial<AclBinding>) => denialOf({ ...allowed, permission: 'deny', ...given }, allowed);
  assert.equal(denied({}), 'all');
  assert.equal(denied({ principal: 'User:*', operation: 'all', resourceName: '*' }), 'all');
  assert.equal(denied({ host: '10.0.0.1' }), 'some');
  assert.equal(denied({ operation: 'write' }), 'none');
  assert.equal(denied({ principal: 'User:bob' }), 'none');
  assert.equal(denied({ resourceName: 'b' }), 'none');
});
