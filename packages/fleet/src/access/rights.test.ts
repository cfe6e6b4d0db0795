import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rolePermissions } from '@millrace/api';
import fc from 'fast-check';
import { mayOn } from './may-on.ts';
import { isWithin, narrow, principalWith, type Rights, rightsOf, union } from './rights.ts';

const teams = ['orders', 'search', 'risk'];
const anyRights: fc.Arbitrary<Rights> = fc.record({
  admin: fc.boolean(),
  teams: fc.uniqueArray(
    fc.record({ name: fc.constantFrom(...teams), role: fc.constantFrom('member' as const, 'owner' as const) }),
    { selector: ({ name }) => name },
  ),
});

/** What somebody with these rights may do, object by object. */
function allowed(rights: Rights): Set<string> {
  const principal = principalWith({ kind: 'user', name: 'ann' }, rights);
  const objects = [undefined, ...teams].flatMap((team) =>
    rolePermissions.admin.filter((each) => mayOn(principal, each, { team })).map((each) => `${each} ${team}`),
  );
  return new Set(objects);
}

test('narrowed rights allow what both allow, and nothing else', () => {
  fc.assert(
    fc.property(anyRights, anyRights, (rights, within) => {
      assert.deepEqual(
        allowed(narrow(rights, within)),
        new Set([...allowed(rights)].filter((each) => allowed(within).has(each))),
      );
    }),
  );
});

test('rights together allow what any of them allows', () => {
  fc.assert(
    fc.property(anyRights, anyRights, (one, other) => {
      assert.deepEqual(allowed(union(one, other)), new Set([...allowed(one), ...allowed(other)]));
    }),
  );
});

test('rights lie within others exactly when they allow nothing more', () => {
  fc.assert(
    fc.property(anyRights, anyRights, (rights, bounds) => {
      assert.equal(
        isWithin(rights, bounds),
        [...allowed(rights)].every((each) => allowed(bounds).has(each)),
      );
    }),
  );
});

test('a principal says its rights, and they come back from it', () => {
  fc.assert(
    fc.property(anyRights, (rights) => {
      const principal = principalWith({ kind: 'user', name: 'ann' }, rights);
      assert.deepEqual(allowed(rightsOf(principal)), allowed(rights));
    }),
  );
});
