/** Members that leave while others go on reading. */
import { by, type Driver, type GroupProtocol, type Member, valuesOf } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const classic = ['JoinGroup', 'SyncGroup', 'LeaveGroup'] as const;
const consumer = ['ConsumerGroupHeartbeat'] as const;
const partitions = 4;
const perPartition = 25;
const rounds = 4;

export const leaving: readonly Behaviour[] = (['classic', 'consumer'] as const).map((protocol) => ({
  name: `a member leaves in mid-batch, nothing stays unread, and its group goes on behind that (${protocol} protocol)`,
  apis: ['OffsetCommit', 'OffsetFetch', 'Fetch', ...(protocol === 'classic' ? classic : consumer)],
  shows: { readers: 2, read: rounds * partitions * perPartition, committed: rounds * perPartition, next: ['more'] },
  by: by(
    drivers.filter(({ protocols }) => protocols.includes(protocol)),
    (driver, place, scope) => leave(driver, place, scope, protocol),
  ),
}));

/** The first member leaves as soon as it has read something of what is being written; the second reads to the end. */
async function leave(driver: Driver, place: Place, scope: Scope, protocol: GroupProtocol) {
  const topic = await scope.createTopic({ partitions });
  const group = scope.name('group');
  const first = await driver.join(place, scope, { topic, group, protocol });
  const second = await driver.join(place, scope, { topic, group, protocol });
  await bothHave(scope, group);
  const produce = async (): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const messages = Array.from({ length: partitions * perPartition }, (_, index) => ({
        value: `${round} ${index}`,
        partition: index % partitions,
      }));
      await driver.produce(place, scope, { topic, messages });
    }
  };
  const producing = produce();
  await first.wait(1);
  // Told to end, kcat commits behind the message that it has in hand, and does not write it: it dies instead.
  await (driver.client === 'kcat' && first.die !== undefined ? first.die() : first.leave());
  await producing;
  const read = await settled(
    () => differentIn([first, second]),
    (count) => count === rounds * partitions * perPartition,
    60_000,
  );
  const committed = await committedEverywhere(scope, group);
  const readers = [first, second].filter(({ messages }) => messages.length > 0).length;
  await second.leave();
  await driver.produce(place, scope, { topic, messages: [{ value: 'more', partition: 1 }] });
  const last = await driver.join(place, scope, { topic, group, protocol });
  await settled(() => last.messages.some(({ value }) => value === 'more'), Boolean, 60_000);
  await last.leave();
  // Who does not let go reads anew, and commits, what was committed before.
  const known = driver.lettingGo ? [] : valuesOf([...first.messages, ...second.messages]);
  return { readers, read, committed, next: valuesOf(last.messages).filter((value) => !known.includes(value)) };
}

function differentIn(members: readonly Member[]): number {
  return new Set(members.flatMap(({ messages }) => messages.map(({ value }) => value))).size;
}

/** Waits until both members have half of the partitions. */
async function bothHave(scope: Scope, group: string): Promise<void> {
  const look = async (): Promise<string> => {
    const [described] = await scope.admin.describeGroups([group]);
    if (described === undefined || described.error !== undefined) return 'no group';
    return `${described.state} ${described.members.map(({ assignment }) => assignment.length)}`;
  };
  const found = await settled(look, (each) => each === 'Stable 2,2', 60_000);
  if (found !== 'Stable 2,2') throw new Error(`the group is ${found}`);
}

/** What is committed in the partition that is furthest behind, once that is its end. */
async function committedEverywhere(scope: Scope, group: string): Promise<number> {
  return await settled(
    async () => {
      const found = await scope.admin.fetchOffsets(group);
      if (found.length < partitions) return 0;
      return Math.min(...found.map((each) => (each.error === undefined ? each.offset : -1)));
    },
    (offset) => offset === rounds * perPartition,
  );
}
