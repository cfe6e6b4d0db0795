/** `group` against a real broker process. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { Server, startMillrace } from '../../support/millrace-command.ts';

const broker = await Server.start('broker');
after(() => broker[Symbol.asyncDispose]());

async function run(words: readonly string[], input?: string): Promise<string> {
  const { code, text, stderr } = await broker.run(words, { input });
  assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
  return text;
}

interface Group {
  readonly group: string;
  readonly state: string;
  readonly lag: number;
  readonly members: readonly { readonly clientId: string }[];
  readonly offsets: readonly {
    readonly partition: number;
    readonly committed: number;
    readonly end: number;
    readonly lag: number;
  }[];
}

async function describe(group: string): Promise<Group> {
  const { groups } = JSON.parse(await run(['group', 'describe', group, '--json'])) as { groups: Group[] };
  return groups[0] as Group;
}

await run(['topic', 'create', 'orders', '-p', '2']);
await run(['produce', 'orders', '-p', '0'], 'a\nb\nc\n');
await run(['produce', 'orders', '-p', '1'], 'd\n');

test('shows a working group with its members and its lag', async () => {
  const reader = startMillrace(['consume', 'orders', '-G', 'working', '--data-dir', broker.directory]);
  await eventually(() => reader.printed().split('\n').length === 5);
  const group = await describe('working');
  assert.equal(group.state, 'Stable');
  assert.equal(group.members.length, 1);
  const list = await run(['group', 'list']);
  assert.match(list, /working +Stable +consumer/);
  const busy = await broker.run(['group', 'reset-offsets', 'working', '--to', 'earliest', '--yes']);
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, /working is Stable with 1 member: its offsets can be moved only while it has none/);
  reader.child.kill('SIGINT');
  assert.equal((await reader.ended).code, 130);
  const empty = await describe('working');
  assert.deepEqual([empty.state, empty.lag], ['Empty', 0]);
});

test('moves offsets to where they are wanted', async () => {
  await run(['consume', 'orders', '-G', 'moved', '-e']);
  const offsets = async (): Promise<number[]> => (await describe('moved')).offsets.map(({ committed }) => committed);
  assert.deepEqual(await offsets(), [3, 1]);
  const dry = JSON.parse(
    await run(['group', 'reset-offsets', 'moved', '--to', 'earliest', '--dry-run', '--json']),
  ) as unknown;
  assert.deepEqual(dry, {
    cluster: 'local',
    group: 'moved',
    dryRun: true,
    offsets: [
      { topic: 'orders', partition: 0, from: 3, to: 0 },
      { topic: 'orders', partition: 1, from: 1, to: 0 },
    ],
  });
  assert.deepEqual(await offsets(), [3, 1]);
  for (const [words, expected] of [
    [
      ['--to', 'earliest'],
      [0, 0],
    ],
    [
      ['--to', '2'],
      [2, 1],
    ],
    [
      ['--to', 'latest', '-p', '1'],
      [2, 1],
    ],
    [
      ['--to', '-1'],
      [2, 0],
    ],
    [
      ['--to', '2020-01-01'],
      [0, 0],
    ],
    [
      ['--to', 'now'],
      [3, 1],
    ],
  ] as const) {
    await run(['group', 'reset-offsets', 'moved', ...words, '--yes']);
    assert.deepEqual(await offsets(), expected, words.join(' '));
  }
  await run(['group', 'reset-offsets', 'made', '--topic', 'orders', '--to', '1', '--yes']);
  assert.equal((await describe('made')).lag, 2);
});

test('deletes a group only with consent, and names one that is not there', async () => {
  await run(['consume', 'orders', '-G', 'doomed', '-e']);
  const refused = await broker.run(['group', 'delete', 'doomed']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /would delete 1 consumer group on local: doomed/);
  assert.equal(
    await run(['group', 'delete', 'doomed', '--yes']),
    'Deleted doomed on local with its 2 committed offsets.\n',
  );
  for (const words of [
    ['describe', 'doome'],
    ['delete', 'doome', '--yes'],
    ['reset-offsets', 'doome', '--to', '0', '--yes'],
  ]) {
    const { code, stderr } = await broker.run(['group', ...words]);
    assert.equal(code, 1);
    assert.match(stderr, /there is no consumer group 'doome' on local/);
  }
});
