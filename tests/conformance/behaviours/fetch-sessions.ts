/** Fetch sessions (KIP-227): what is answered when only changes are asked for, and what ends a session. */
import { fetch, type RequestDraft } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { errorName, type RawCluster, type RawConnection, raw } from '../matrix/raw-connection.ts';
import { batchOf, outcomeOfProduce, valuesIn } from '../matrix/raw-records.ts';
import type { Scope } from '../matrix/scope.ts';

type Draft = RequestDraft<typeof fetch>;

interface Asked {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** Fetch offsets by partition. */
  readonly offsets?: Readonly<Record<number, number>>;
  readonly forgotten?: readonly number[];
}

/** Fetches within a session; answers the error, the session's id, and by partition what was told of it. */
function fetcherOf(connection: RawConnection, topic: string) {
  return async ({ sessionId, sessionEpoch, offsets = {}, forgotten = [] }: Asked) => {
    const partitions = Object.entries(offsets).map(([partition, fetchOffset]) => {
      return { partition: Number(partition), fetchOffset, partitionMaxBytes: 2 ** 20 };
    });
    const draft: Draft = {
      maxWaitMs: 0,
      minBytes: 1,
      sessionId,
      sessionEpoch,
      topics: partitions.length === 0 ? [] : [{ topic, partitions }],
      forgottenTopicsData: forgotten.length === 0 ? [] : [{ topic, partitions: forgotten }],
    };
    const answer = await connection.request(fetch, 12, draft);
    const told = answer.responses.flatMap((each) => each.partitions);
    return {
      id: answer.sessionId,
      error: errorName(answer.errorCode),
      told: told.map((each) => [each.partitionIndex, errorName(each.errorCode), ...valuesIn(each)].join(' ')).sort(),
    };
  };
}

/** A topic of three partitions on one broker, and its fetcher. */
async function sessionTopic(cluster: RawCluster, scope: Scope) {
  const topic = await scope.createTopic({ assignment: [[1], [1], [1]] });
  const leader = await cluster.leader(topic);
  await Promise.all([1, 2].map((partition) => cluster.leader(topic, partition)));
  const write = (partition: number, value: string): Promise<string> =>
    outcomeOfProduce(leader, topic, batchOf([value]), { partition });
  return { topic, leader, write, ask: fetcherOf(leader, topic) };
}

const all = { 0: 0, 1: 0, 2: 0 };

export const fetchSessions: readonly Behaviour[] = [
  {
    name: 'a session tells of all partitions at first, and then of those that have news',
    apis: ['Fetch'],
    shows: {
      first: ['0 NONE', '1 NONE 0 first', '2 NONE'],
      read: [],
      nothing: [],
      news: ['2 NONE 0 second'],
      unread: ['2 NONE 0 second'],
      sameId: true,
    },
    by: raw(async (cluster, scope) => {
      const { ask, write } = await sessionTopic(cluster, scope);
      await write(1, 'first');
      const first = await ask({ sessionId: 0, sessionEpoch: 0, offsets: all });
      const sessionId = first.id;
      const read = await ask({ sessionId, sessionEpoch: 1, offsets: { 1: 1 } });
      const nothing = await ask({ sessionId, sessionEpoch: 2 });
      await write(2, 'second');
      const news = await ask({ sessionId, sessionEpoch: 3 });
      const unread = await ask({ sessionId, sessionEpoch: 4 });
      const answers = { first, read, nothing, news, unread };
      const sameId = Object.values(answers).every(({ id }) => id === sessionId && id !== 0);
      return { ...toldIn(answers), sameId };
    }),
  },
  {
    name: 'partitions come into a session and are forgotten',
    apis: ['Fetch'],
    shows: { first: ['0 NONE'], added: ['1 NONE 0 second'], forgotten: [], forgottenAgain: [] },
    by: raw(async (cluster, scope) => {
      const { ask, write } = await sessionTopic(cluster, scope);
      await write(0, 'first');
      await write(1, 'second');
      const first = await ask({ sessionId: 0, sessionEpoch: 0, offsets: { 0: 1 } });
      const sessionId = first.id;
      const added = await ask({ sessionId, sessionEpoch: 1, offsets: { 1: 0 } });
      const forgotten = await ask({ sessionId, sessionEpoch: 2, forgotten: [1] });
      const forgottenAgain = await ask({ sessionId, sessionEpoch: 3, forgotten: [1, 2] });
      return toldIn({ first, added, forgotten, forgottenAgain });
    }),
  },
  {
    name: 'a partition that can not be read is told of in a session again and again',
    apis: ['Fetch'],
    shows: {
      first: ['0 OFFSET_OUT_OF_RANGE', '9 UNKNOWN_TOPIC_OR_PARTITION'],
      again: ['0 OFFSET_OUT_OF_RANGE', '9 UNKNOWN_TOPIC_OR_PARTITION'],
      corrected: ['0 NONE'],
      silent: [],
    },
    by: raw(async (cluster, scope) => {
      const { ask } = await sessionTopic(cluster, scope);
      const first = await ask({ sessionId: 0, sessionEpoch: 0, offsets: { 0: 7, 9: 0 } });
      const sessionId = first.id;
      const again = await ask({ sessionId, sessionEpoch: 1 });
      const corrected = await ask({ sessionId, sessionEpoch: 2, offsets: { 0: 0 }, forgotten: [9] });
      const silent = await ask({ sessionId, sessionEpoch: 3 });
      return toldIn({ first, again, corrected, silent });
    }),
  },
  {
    name: 'a session that is not known, or another epoch of it than the next, is refused',
    apis: ['Fetch'],
    shows: {
      unknown: 'FETCH_SESSION_ID_NOT_FOUND',
      ahead: 'INVALID_FETCH_SESSION_EPOCH',
      next: [],
      repeated: 'INVALID_FETCH_SESSION_EPOCH',
      none: 'FETCH_SESSION_ID_NOT_FOUND',
      idTold: [0, 0],
    },
    by: raw(async (cluster, scope) => {
      const { ask } = await sessionTopic(cluster, scope);
      const { id: sessionId } = await ask({ sessionId: 0, sessionEpoch: 0, offsets: all });
      const unknown = await ask({ sessionId: sessionId === 12345 ? 12346 : 12345, sessionEpoch: 1 });
      const ahead = await ask({ sessionId, sessionEpoch: 5 });
      const next = await ask({ sessionId, sessionEpoch: 1 });
      const repeated = await ask({ sessionId, sessionEpoch: 1 });
      const none = await ask({ sessionId: 0, sessionEpoch: 1 });
      return { ...toldIn({ unknown, ahead, next, repeated, none }), idTold: [unknown.id, ahead.id] };
    }),
  },
  {
    name: 'a session ends when its client says so, or begins another in its place',
    apis: ['Fetch'],
    shows: {
      ending: ['0 NONE'],
      ended: 'FETCH_SESSION_ID_NOT_FOUND',
      replacing: ['1 NONE'],
      replaced: 'FETCH_SESSION_ID_NOT_FOUND',
      ids: { ending: 0, replacing: true },
    },
    by: raw(async (cluster, scope) => {
      const { ask } = await sessionTopic(cluster, scope);
      const { id: first } = await ask({ sessionId: 0, sessionEpoch: 0, offsets: all });
      const ending = await ask({ sessionId: first, sessionEpoch: -1, offsets: { 0: 0 } });
      const ended = await ask({ sessionId: first, sessionEpoch: 1 });
      const { id: second } = await ask({ sessionId: 0, sessionEpoch: 0, offsets: all });
      const replacing = await ask({ sessionId: second, sessionEpoch: 0, offsets: { 1: 0 } });
      const replaced = await ask({ sessionId: second, sessionEpoch: 1 });
      const ids = { ending: ending.id, replacing: replacing.id !== 0 && replacing.id !== second };
      return { ...toldIn({ ending, ended, replacing, replaced }), ids };
    }),
  },
  {
    name: 'a session may begin without partitions',
    apis: ['Fetch'],
    shows: {
      first: [],
      added: ['0 NONE', '1 NONE', '2 NONE'],
      without: ['0 NONE', '1 NONE', '2 NONE'],
      ids: [true, true, 0],
    },
    by: raw(async (cluster, scope) => {
      const { ask } = await sessionTopic(cluster, scope);
      const first = await ask({ sessionId: 0, sessionEpoch: 0 });
      const added = await ask({ sessionId: first.id, sessionEpoch: 1, offsets: all });
      const without = await ask({ sessionId: 0, sessionEpoch: -1, offsets: all });
      return { ...toldIn({ first, added, without }), ids: [first.id !== 0, added.id === first.id, without.id] };
    }),
  },
];

/** What was told, without the ids of sessions. */
function toldIn(answers: Readonly<Record<string, { readonly error: string; readonly told: readonly string[] }>>) {
  return Object.fromEntries(
    Object.entries(answers).map(([step, { error, told }]) => [step, error === 'NONE' ? told : error]),
  );
}
