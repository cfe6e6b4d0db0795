import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAuthorizerLine, usesInLog } from './authorizer-log.ts';

const kraft = (principal: string, operation: string, resource: string, request: string, result = 'Allowed'): string =>
  `[2026-03-01 12:30:05,123] DEBUG Principal = ${principal} is ${result} operation = ${operation} from host = ` +
  `10.0.0.7 on resource = ${resource} for request = ${request} with resourceRefCount = 1 based on rule ` +
  'MatchingAcl(acl=StandardAcl(...)) (kafka.authorizer.logger)';

test('reads a line of the authorizer of KRaft', () => {
  assert.deepEqual(parseAuthorizerLine(kraft('User:orders', 'WRITE', 'Topic:LITERAL:orders.placed', 'Produce')), {
    at: new Date('2026-03-01T12:30:05.123Z'),
    principal: 'User:orders',
    isAllowed: true,
    operation: 'WRITE',
    host: '10.0.0.7',
    resourceType: 'Topic',
    resourceName: 'orders.placed',
    request: 'Produce',
  });
});

test('reads a line of the authorizer of ZooKeeper, and principals that are distinguished names', () => {
  const line =
    '[2021-01-01 00:00:00,001] DEBUG Principal = User:CN=app, O=Example is Allowed Operation = Read from host = ' +
    '127.0.0.1 on resource = Topic:LITERAL:a for request = Fetch with resourceRefCount = 3 (kafka.authorizer.logger)';
  const found = parseAuthorizerLine(line);
  assert.deepEqual(
    [found?.principal, found?.operation, found?.resourceName, found?.request],
    ['User:CN=app, O=Example', 'READ', 'a', 'Fetch'],
  );
});

test('other lines are none, however long', () => {
  assert.equal(parseAuthorizerLine('[2026-03-01 12:30:05,123] INFO something else (kafka.server)'), undefined);
  assert.equal(parseAuthorizerLine(`Principal = ${'is '.repeat(100_000)}`), undefined);
  for (const odd of ['User:a\0b', 'User:\ud800']) {
    assert.equal(parseAuthorizerLine(kraft(odd, 'WRITE', 'Topic:LITERAL:orders.placed', 'Produce')), undefined);
  }
});

test('tells each use once, with its newest time and all its hosts; what was denied is no use', () => {
  const now = new Date('2026-03-01T13:00:00Z');
  const uses = usesInLog(
    'east',
    [
      kraft('User:a', 'WRITE', 'Topic:LITERAL:t', 'Produce'),
      kraft('User:a', 'WRITE', 'Topic:LITERAL:t', 'Produce').replace('12:30', '12:31').replace('10.0.0.7', '10.0.0.8'),
      kraft('User:b', 'READ', 'Topic:LITERAL:t', 'Fetch').replace('12:30', '23:59'),
      kraft('User:b', 'READ', 'Group:LITERAL:g', 'JoinGroup'),
      kraft('User:b', 'READ', 'Topic:LITERAL:t', 'OffsetCommit'),
      kraft('User:c', 'WRITE', 'Topic:LITERAL:t', 'Produce', 'Denied'),
      kraft('User:c', 'DESCRIBE', 'Topic:LITERAL:t', 'Metadata'),
    ],
    now,
  );
  assert.deepEqual(
    uses.map(({ role, name, hosts, at }) => [role, name, hosts, at.toISOString()]),
    [
      ['producer', 'User:a', ['10.0.0.7', '10.0.0.8'], '2026-03-01T12:31:05.123Z'],
      ['consumer', 'User:b', ['10.0.0.7'], now.toISOString()],
    ],
  );
});
