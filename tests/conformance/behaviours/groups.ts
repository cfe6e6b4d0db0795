/** Members of groups: what they share, commit and take over. */
import { by, type Driver, type GroupProtocol, type Member, type MemberOptions, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';
import { type MidBatchOutcome, rebalanceInMidBatch } from './mid-batch.ts';

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

export const groups: readonly Behaviour[] = [
  ...(['classic', 'consumer'] as const).flatMap((protocol) => [
    {
      name: `a group goes on from what it committed (${protocol} protocol)`,
      apis: apisOf(protocol),
      shows: { first: ['a', 'b', 'c'], second: ['d', 'e'] },
      by: by(speaking(protocol), async (driver, place, scope) => {
        const topic = await scope.createTopic();
        const member = { topic, group: scope.name('group'), protocol };
        const produce = (values: readonly string[]): Promise<void> =>
          driver.produce(place, scope, { topic, messages: values.map((value) => ({ value })) });
        await produce(['a', 'b', 'c']);
        const first = await driver.readInGroup(place, scope, { ...member, count: 3 });
        await produce(['d', 'e']);
        const second = await driver.readInGroup(place, scope, { ...member, count: 2 });
        return { first: valuesOf(first), second: valuesOf(second) };
      }),
    },
    {
      name: `two members share a topic, and who stays takes over (${protocol} protocol)`,
      apis: apisOf(protocol),
      shows: { shared: letters, readers: 2, takenOver: letters },
      by: by(speaking(protocol), async (driver, place, scope) => {
        const topic = await scope.createTopic({ partitions: 4 });
        const options = { topic, group: scope.name('group'), protocol };
        const produce = (): Promise<void> => driver.produce(place, scope, { topic, messages: spread(letters) });
        const members = [await driver.join(place, scope, options), await driver.join(place, scope, options)] as const;
        await shares(scope, options, [2, 2]);
        await produce();
        const both = await read(driver, members, letters.length);
        const readers = members.filter(({ messages }) => messages.length > 0).length;
        const [first, second] = members;
        await first.leave();
        await shares(scope, options, [4]);
        const before = second.messages.length;
        await produce();
        await second.wait(before + letters.length);
        const takenOver = inLetters(driver, valuesOf(second.messages.slice(before)));
        await second.leave();
        return { shared: both, readers, takenOver };
      }),
    },
    {
      name: `a rebalance in mid-batch loses nothing, and repeats nothing that was committed (${protocol} protocol)`,
      apis: apisOf(protocol),
      shows: { readers: 2, read: 30, repeatedAfterCommit: 0, committedUnread: 0 } satisfies MidBatchOutcome,
      by: by(
        speaking(protocol).filter(({ lettingGo, client }) => lettingGo && client !== 'kcat' && client !== 'java'),
        (driver, place, scope) => rebalanceInMidBatch(driver, place, scope, protocol),
      ),
    },
  ]),
  {
    name: 'what a member that died was reading goes to those that are left',
    apis: ['JoinGroup', 'SyncGroup', 'Heartbeat', 'OffsetFetch', 'Fetch'],
    shows: letters,
    by: by(
      drivers.filter(({ client }) => client === 'kcat' || client === 'java'),
      async (driver, place, scope) => {
        const topic = await scope.createTopic({ partitions: 4 });
        const options = { topic, group: scope.name('group') };
        const [first, second] = [await driver.join(place, scope, options), await driver.join(place, scope, options)];
        await shares(scope, options, [2, 2]);
        await first.die?.();
        await driver.produce(place, scope, { topic, messages: spread(letters) });
        const read = valuesOf(await second.wait(letters.length));
        await second.leave();
        return read.sort();
      },
    ),
  },
];

function speaking(protocol: GroupProtocol): readonly Driver[] {
  return drivers.filter(({ protocols }) => protocols.includes(protocol));
}

function apisOf(protocol: GroupProtocol) {
  const both = ['FindCoordinator', 'OffsetFetch', 'OffsetCommit', 'Fetch'] as const;
  return protocol === 'consumer'
    ? ([...both, 'ConsumerGroupHeartbeat'] as const)
    : ([...both, 'JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup'] as const);
}

/** Two for each of four partitions. */
function spread(values: readonly string[]) {
  return values.map((value, index) => ({ value, partition: index % 4 }));
}

/** Waits until the group is of its protocol, and its members have so many partitions each. */
async function shares(
  scope: Scope,
  { group, protocol = 'classic' }: Pick<MemberOptions, 'group' | 'protocol'>,
  wanted: readonly number[],
): Promise<void> {
  const look = async (): Promise<string> => {
    const [described] = await scope.admin.describeGroups([group]);
    if (described === undefined || described.error !== undefined) return 'no group';
    const sizes = described.members.map(({ assignment }) => assignment.length).sort();
    return `${described.type} ${described.state} ${sizes}`;
  };
  const all = `${protocol} Stable ${wanted}`;
  const found = await settled(look, (each) => each === all, 60_000);
  if (found !== all) throw new Error(`the group is ${found}, not ${all}`);
}

/** All values that members read, once there are enough. */
async function read(driver: Driver, members: readonly Member[], count: number): Promise<(string | null)[]> {
  const all = (): (string | null)[] =>
    inLetters(
      driver,
      members.flatMap(({ messages }) => valuesOf(messages)),
    );
  return await settled(all, (values) => values.length >= count, 60_000);
}

/** Sorted; values that a client reads twice, because its members do not let go, count once. */
function inLetters({ lettingGo }: Driver, values: readonly (string | null)[]): (string | null)[] {
  return (lettingGo ? [...values] : [...new Set(values)]).sort();
}
