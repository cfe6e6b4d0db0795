/** Leaders that move while their partitions are written and read: what clients know of them is stale. */
import { unwrap } from '@millrace/client';
import { by, type Driver } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { openReader, openSender } from '../drivers/long-lived.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const values = (round: string): string[] => ['a', 'b', 'c'].map((letter) => `${letter}${round}`);

export const leaderChanges: readonly Behaviour[] = [
  {
    name: 'a producer and a reader that know an old leader and its epoch go on with the new one',
    apis: ['Produce', 'Fetch', 'Metadata'],
    shows: { read: [3, 6, 9], leaders: 3 },
    by: by(drivers, follow),
  },
  {
    name: 'an offset that was committed in an older epoch of the leader is where its group goes on',
    apis: ['OffsetCommit', 'OffsetFetch', 'Fetch'],
    shows: { before: values('0'), after: values('1') },
    by: by(drivers, async (driver, place, scope) => {
      const topic = await scope.createTopic({ assignment: [[...place.brokerIds]] });
      const [group, count] = [scope.name('group'), 3];
      const round = async (name: string): Promise<(string | null)[]> => {
        const messages = values(name).map((value) => ({ value }));
        await driver.produce(place, scope, { topic, messages });
        const read = await driver.readInGroup(place, scope, { topic, group, count });
        return read.map(({ value }) => value);
      };
      const before = await round('0');
      await lead(scope, topic, [...place.brokerIds].reverse());
      return { before, after: await round('1') };
    }),
  },
];

/** Records are written and read before, between and after two moves of the leader. */
async function follow(driver: Driver, place: Place, scope: Scope) {
  const [one = 0, two = 0, three = 0] = place.brokerIds;
  const topic = await scope.createTopic({ assignment: [[one, two, three]] });
  const send = await openSender(driver, place, scope, { topic, partitions: 1 });
  const count = await openReader(driver, place, scope, topic);
  const read: number[] = [];
  const leaders = new Set<number>();
  for (const [round, replicas] of [[], [two, three, one], [three, one, two]].entries()) {
    if (replicas.length > 0) await lead(scope, topic, replicas);
    await send(values(`${round}`));
    read.push(await settled(count, (found) => found === 3 * (round + 1), 60_000));
    leaders.add((await leaderOf(scope, topic)) ?? -1);
  }
  return { read, leaders: leaders.size };
}

/** Has the first of the replicas lead. */
async function lead(scope: Scope, topic: string, replicas: readonly number[]): Promise<void> {
  unwrap(await scope.admin.alterPartitionReassignments([{ topic, partition: 0, replicas }]));
  await settled(
    async () => (await scope.admin.listPartitionReassignments()).filter((each) => each.topic === topic).length,
    (left) => left === 0,
  );
  const [elected] = await scope.admin.electLeaders('preferred', [{ topic, partition: 0 }]);
  if (elected?.error !== undefined && elected.error.errorName !== 'ELECTION_NOT_NEEDED') throw elected.error;
  const leader = await settled(
    () => leaderOf(scope, topic),
    (found) => found === replicas[0],
  );
  if (leader !== replicas[0]) throw new Error(`${topic} is led by ${leader}, not by ${replicas[0]}`);
}

async function leaderOf(scope: Scope, topic: string): Promise<number | undefined> {
  const [described] = await scope.admin.describeTopics([topic]);
  return described?.error === undefined ? described?.partitions[0]?.leader : undefined;
}
