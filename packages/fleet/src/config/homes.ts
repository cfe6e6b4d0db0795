/**
 * Where topics were moved. Whoever moves one says so here, in the transaction in which the move takes effect: then
 * producers go there, and those consumers whose groups are named.
 */
import type { Transaction } from 'kysely';
import { lockLedger } from '../database/ledger.ts';
import type { Schema } from '../database/schema.ts';
import { appendEvents } from '../events/event-feed.ts';
import type { Home } from './answers/home-cluster.ts';
import { noteConfigChange } from './config-head.ts';

export interface NewHome {
  readonly topic: string;
  readonly cluster: string;
  /** Of one application alone; default of all. */
  readonly application?: string | undefined;
  /** Groups whose offsets were translated to that cluster, besides those that were named for it before. */
  readonly groups?: readonly string[] | undefined;
}

/**
 * Says where a topic is from now on. Another cluster is another generation, greater than all before, and no group has
 * come along yet but those that are named; the same cluster adds groups alone.
 */
export async function setHome(transaction: Transaction<Schema>, wanted: NewHome): Promise<Home> {
  const { topic, cluster, application = '', groups = [] } = wanted;
  await lockLedger(transaction);
  const known = await transaction.selectFrom('config_home').selectAll().where('topic', '=', topic).execute();
  const before = known.find((each) => each.application === application);
  const stays = before?.cluster === cluster;
  const generation = stays ? before.generation : Math.max(0, ...known.map((each) => each.generation)) + 1;
  const named = Object.fromEntries(groups.map((group) => [group, generation]));
  const home: Home = { cluster, generation, groups: stays ? { ...before.groups, ...named } : named };
  const row = { application, topic, cluster, generation, groups: JSON.stringify(home.groups) };
  await transaction
    .insertInto('config_home')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['topic', 'application']).doUpdateSet({ cluster, generation, groups: row.groups }),
    )
    .execute();
  const kept = transaction.updateTable('config_asked').set({ stays_on: null }).where('topic', '=', topic);
  await (application === '' ? kept : kept.where('application', '=', application)).execute();
  await noteConfigChange(transaction);
  await appendEvents(transaction, [{ kind: 'config', id: topic, what: stays ? 'groups_moved' : 'topic_moved' }]);
  return home;
}
