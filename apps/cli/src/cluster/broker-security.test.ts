import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UsageError } from '../framework/usage-error.ts';
import { brokerConfiguration, parseScram, scramUsers } from './broker-security.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'millrace-broker-security-'));
});
after(() => rm(directory, { recursive: true, force: true }));

test("users are named as Kafka's own tool has them", async () => {
  const file = join(directory, 'password');
  await writeFile(file, 'from a file\n');
  const users = await scramUsers(
    [
      'SCRAM-SHA-256=[name=alice,password=alice-secret]',
      'SCRAM-SHA-512=[iterations=8192,name="bob",password="with=,all"]',
      'SCRAM-SHA-512=[name=carol,password=a,b]',
      `SCRAM-SHA-512=[name=dora,password-file=${file}]`,
    ].map(parseScram),
  );
  assert.deepEqual(users, [
    { mechanism: 'SCRAM-SHA-256', username: 'alice', password: 'alice-secret' },
    { mechanism: 'SCRAM-SHA-512', username: 'bob', password: 'with=,all', iterations: 8192 },
    { mechanism: 'SCRAM-SHA-512', username: 'carol', password: 'a,b' },
    { mechanism: 'SCRAM-SHA-512', username: 'dora', password: 'from a file' },
  ]);
});

for (const spec of [
  'alice:secret',
  'SCRAM-SHA-1=[name=alice,password=x]',
  'SCRAM-SHA-256=[name=alice]',
  'SCRAM-SHA-256=[password=x]',
  'SCRAM-SHA-256=[name=alice,name=bob,password=x]',
  'SCRAM-SHA-256=[name=alice,password=x,password-file=y]',
  'SCRAM-SHA-256=[name=alice,password=x,iterations=many]',
]) {
  test(`${spec} is wrong usage, and its password is not repeated`, () => {
    assert.throws(
      () => parseScram(spec),
      (error) => error instanceof UsageError && !error.message.includes('secret'),
    );
  });
}

test('single settings win over the file, and listeners over both', async () => {
  const file = join(directory, 'server.properties');
  await writeFile(file, '# a comment\nnum.partitions=3\nsuper.users = User:a;User:b\nlisteners=PLAINTEXT://:1\n');
  assert.deepEqual(await brokerConfiguration(file, [['num.partitions', '5']], ['SSL://127.0.0.1:0']), {
    'num.partitions': '5',
    'super.users': 'User:a;User:b',
    listeners: 'SSL://127.0.0.1:0',
  });
  await assert.rejects(brokerConfiguration(join(directory, 'absent'), [], []), UsageError);
});
