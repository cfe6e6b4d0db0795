/**
 * What a cluster knows of the mirrors that write to it: JSON records of a compacted topic, one for each producer id
 * that a mirror writes with (key `producer <id>`), one for each topic that it copies to (key `topic <name> <mirror>`),
 * and one for each mirror, which says what it copies (key `mirror <name>`). Does no I/O.
 */
import type { NameFilter } from '../name-filter.ts';
import { OriginRecordError } from './origin-record-error.ts';

const version = 0;

/** Whose a producer id is. */
export interface ProducerOrigin {
  readonly producerId: number;
  readonly mirror: string;
  /** The partition of the mirror's offsets topic that tells of what is written with the id. */
  readonly shard: number;
  /** Id of the cluster that the mirror copies from. */
  readonly source: string;
  /**
   * From this producer epoch on there may be records that came to the mirror's source by mirrors themselves: the
   * journal says of each by which route. Null as long as all were written on the source.
   */
  readonly routesFrom: number | null;
}

/** A topic, and what it was on another cluster. */
export interface TopicPlace {
  /** Id of the cluster. */
  readonly cluster: string;
  readonly topic: string;
}

/** What a topic holds records of. */
export interface TopicOrigin {
  readonly topic: string;
  readonly mirror: string;
  /** Where they were before, as far as the mirror knew: its source is the last one. */
  readonly places: readonly TopicPlace[];
}

/** What a mirror copies, as the worker was told that began last. */
export interface MirrorOrigin {
  readonly mirror: string;
  readonly chosen: NameFilter;
}

export interface OriginRecord {
  readonly key: string;
  readonly value: string;
}

export function producerRecord({ producerId, ...rest }: ProducerOrigin): OriginRecord {
  return { key: `producer ${producerId}`, value: JSON.stringify({ version, ...rest }) };
}

export function topicRecord({ topic, mirror, places }: TopicOrigin): OriginRecord {
  return { key: `topic ${topic} ${mirror}`, value: JSON.stringify({ version, places }) };
}

export function mirrorRecord({ mirror, chosen }: MirrorOrigin): OriginRecord {
  const topics = chosen.map((each) =>
    typeof each === 'string' ? { name: each } : { pattern: each.source, flags: each.flags },
  );
  return { key: `mirror ${mirror}`, value: JSON.stringify({ version, topics }) };
}

/** Throws `OriginRecordError` for what is no such record. */
export function decodeOrigin({ key, value }: OriginRecord): ProducerOrigin | TopicOrigin | MirrorOrigin {
  const [kind, name = '', mirror = ''] = key.split(' ');
  const fields = fieldsOf(key, value);
  if (fields['version'] !== version) {
    throw new OriginRecordError(key, `its format has version ${String(fields['version'])}, known is ${version}`);
  }
  if (kind === 'producer' && /^\d+$/.test(name)) return producerOf(key, Number(name), fields);
  if (kind === 'mirror' && name !== '') return { mirror: name, chosen: chosenOf(key, fields['topics']) };
  if (kind !== 'topic' || mirror === '') throw new OriginRecordError(key, 'its key is unknown');
  const list: unknown = fields['places'];
  if (!Array.isArray(list)) throw new OriginRecordError(key, 'its places are missing');
  return { topic: name, mirror, places: list.map((place: unknown) => placeOf(key, place)) };
}

type Fields = { readonly [name: string]: unknown };

function fieldsOf(key: string, value: string): Fields {
  let fields: unknown;
  try {
    fields = JSON.parse(value);
  } catch (error) {
    throw new OriginRecordError(key, 'it is no JSON', error);
  }
  return asObject(fields) ?? {};
}

function producerOf(key: string, producerId: number, { mirror, shard, source, routesFrom }: Fields): ProducerOrigin {
  const isShard = typeof shard === 'number' && Number.isSafeInteger(shard) && shard >= 0;
  if (typeof mirror !== 'string' || typeof source !== 'string' || !isShard) {
    throw new OriginRecordError(key, 'its mirror, shard or source is missing');
  }
  if (routesFrom !== null && typeof routesFrom !== 'number') throw new OriginRecordError(key, 'its epoch is missing');
  return { producerId, mirror, shard, source, routesFrom };
}

function chosenOf(key: string, topics: unknown): NameFilter {
  if (!Array.isArray(topics)) throw new OriginRecordError(key, 'its topics are missing');
  return topics.map((each: unknown) => {
    const { name, pattern, flags } = asObject(each) ?? {};
    if (typeof name === 'string') return name;
    if (typeof pattern !== 'string' || typeof flags !== 'string') {
      throw new OriginRecordError(key, 'a topic of it has neither name nor pattern');
    }
    try {
      return new RegExp(pattern, flags);
    } catch (error) {
      throw new OriginRecordError(key, `its pattern ${pattern} is none`, error);
    }
  });
}

function placeOf(key: string, place: unknown): TopicPlace {
  const { cluster, topic } = asObject(place) ?? {};
  if (typeof cluster === 'string' && typeof topic === 'string') return { cluster, topic };
  throw new OriginRecordError(key, 'a place of it names no cluster or topic');
}

function asObject(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}
