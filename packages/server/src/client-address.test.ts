import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientAddress } from './client-address.ts';

test('an IPv6 client is the network that it has whole, an IPv4 one its address', () => {
  assert.equal(clientAddress('127.0.0.1'), '127.0.0.1');
  assert.equal(clientAddress('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(clientAddress('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(clientAddress('2001:DB8:1:2::9'), clientAddress('2001:db8:1:2:ffff::1'));
  assert.notEqual(clientAddress('2001:db8:1:3::9'), clientAddress('2001:db8:1:2::9'));
  assert.equal(clientAddress('::1'), '0:0:0:0::/64');
  assert.equal(clientAddress('fe80::1%eth0'), 'fe80:0:0:0::/64');
});
