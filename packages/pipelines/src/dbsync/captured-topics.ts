/** The topics that captures write, as a cluster has them. */
import { type Client, unwrap } from '@millrace/client';

export interface CapturedTopic {
  readonly topic: string;
  /** What the topic is named after; a dot in a name can't be told from the one between names. */
  readonly database: string;
  readonly table: string;
  /** Offsets between its beginning and its end: events, tombstones and marks of transactions. */
  readonly entries: number;
}

/** By topic, ascending. */
export async function capturedTopics(client: Client): Promise<CapturedTopic[]> {
  await using admin = client.admin();
  const names = (await admin.listTopics()).map(({ topic }) => topic).filter((topic) => parsed(topic) !== undefined);
  if (names.length === 0) return [];
  const described = unwrap(await admin.describeTopics(names));
  const places = described.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  const at = async (point: 'earliest' | 'latest') =>
    unwrap(await admin.listOffsets(places.map((place) => ({ ...place, at: point }))));
  const [begins, ends] = [await at('earliest'), await at('latest')];
  const sum = (list: typeof ends, topic: string): number =>
    list.filter((each) => each.topic === topic).reduce((total, { offset }) => total + offset, 0);
  return names.sort().map((topic) => {
    const { database = '', table = '' } = parsed(topic) ?? {};
    return { topic, database, table, entries: sum(ends, topic) - sum(begins, topic) };
  });
}

/** `dbsync.DATABASE.SCHEMA.TABLE`. */
function parsed(topic: string): { readonly database: string; readonly table: string } | undefined {
  const found = /^dbsync\.([^.]+)\.(.+\..+)$/.exec(topic);
  return found === null ? undefined : { database: found[1] ?? '', table: found[2] ?? '' };
}
