/** Routes of topics: lists, one with all that is known of it, and what others tell of their use. */
import { implement, ProblemError, type Route } from '@millrace/api';
import {
  getTopicContract,
  listTopicsContract,
  readAuthorizerLogContract,
  reportUsesContract,
  type TopicDetail,
  type TopicUseView,
  topicTableContract,
} from '@millrace/api/fleet';
import { isStorable } from '../../database/json.ts';
import type { ObservedTopic } from '../inventory.ts';
import { readChanges } from '../store/read-changes.ts';
import { usesInLog } from '../uses/authorizer-log.ts';
import type { TopicUse } from '../uses/topic-use.ts';
import { joinUses, storedUses, storeUses } from '../uses/use-store.ts';
import { usesSeen } from '../uses/uses-seen.ts';
import { topicView } from '../views/fleet-rows.ts';
import { topicPage, topicTable } from '../views/topic-list.ts';
import { clusterRows, historyMax, notFound, type RouteParts } from './route-parts.ts';

export function topicRoutes(parts: RouteParts): Route[] {
  const { db, platform, rows } = parts;
  const now = (): number => platform.clock.now();
  return [
    implement(listTopicsContract, ({ query }) => topicPage(rows.all(), query, now())),
    implement(topicTableContract, ({ query }) => topicTable(rows.all(), query, now())),
    implement(getTopicContract, ({ params }) => topicDetail(parts, params.cluster, params.topic)),
    implement(readAuthorizerLogContract, async ({ params: { name }, body: { lines } }) => {
      clusterRows(parts, name);
      const uses = usesInLog(name, lines, new Date(now()));
      await storeUses(db, uses);
      return { lines: lines.length, uses: uses.length };
    }),
    implement(reportUsesContract, async ({ body: { uses } }) => {
      for (const cluster of new Set(uses.map((use) => use.cluster))) clusterRows(parts, cluster);
      const latest = now();
      const seen = uses.map(({ hosts = [], at, ...use }, index) => {
        const time = at === undefined ? latest : Math.min(Date.parse(at), latest);
        if (!isStorable([use.name, hosts])) throw unstorable(index);
        return { ...use, hosts, at: new Date(time) };
      });
      await storeUses(db, seen);
      return { uses: seen.length };
    }),
  ];
}

async function topicDetail(parts: RouteParts, cluster: string, name: string): Promise<TopicDetail> {
  const { topics, observed } = clusterRows(parts, cluster);
  const row = topics.find((each) => each.name === name);
  if (row === undefined) throw notFound(`cluster ${cluster} has no topic ${name}, and none is declared`, 'topics');
  const topic = observed.topics.get(name);
  const [stored, { items: history }] = await Promise.all([
    storedUses(parts.db, cluster, name),
    readChanges(parts.db, { cluster, kind: 'topic', name, limit: historyMax }),
  ]);
  return {
    ...topicView(row),
    topicId: topic?.topicId ?? null,
    configs: { ...topic?.configs },
    partitionList: topic === undefined ? [] : partitionsOf(topic),
    uses: joinUses(usesSeen(observed, name), stored).map(useView),
    history,
  };
}

function unstorable(index: number): ProblemError {
  const message = 'has a text with the character NUL, or with half of one';
  const issues = [{ field: `/uses/${index}`, message }];
  return new ProblemError('invalid_request', `use ${index} ${message}; none of them was taken`, { issues });
}

function partitionsOf({ partitions, endOffsets }: ObservedTopic): TopicDetail['partitionList'] {
  return partitions.map(({ partition, leader, leaderEpoch, replicas, inSyncReplicas, offlineReplicas }) => {
    const end = endOffsets?.[partition] ?? -1;
    return {
      partition,
      leader,
      leaderEpoch,
      replicas: [...replicas],
      inSync: [...inSyncReplicas],
      offline: [...offlineReplicas],
      endOffset: end < 0 ? null : end,
    };
  });
}

function useView({ role, source, name, producerId, clientIds, hosts, firstAt, lastAt, lag }: TopicUse): TopicUseView {
  return {
    role,
    source,
    name,
    ...(producerId !== undefined && { producerId }),
    clientIds: [...clientIds],
    hosts: [...hosts],
    firstAt: firstAt?.toISOString() ?? null,
    lastAt: lastAt.toISOString(),
    ...(lag !== undefined && { lag }),
  };
}
