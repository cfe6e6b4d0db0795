/**
 * How far the mirrors in the other direction have brought what was written on the target, for topics that are mirrored
 * both ways. A group that moves to the target must not go past records of that side which it did not meet on the
 * source: neither those that had not come there yet, nor those that lie there behind it.
 */
import type { TopicPartition } from '@millrace/client';
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { mapOfChunks } from '../copy/chunk-map.ts';
import { nameOf } from '../copy/copied-partition.ts';
import { type JournalLook, JournalReader } from '../copy/journal-reader.ts';
import type { PartitionOffsetMap } from '../offset-map/partition-offset-map.ts';
import type { Provenance } from '../provenance/provenance.ts';
import { offsetsTopicOf } from '../topics/offsets-topic.ts';
import type { SyncedPartition } from './group-sync.ts';
import type { CopyProgress } from './translate.ts';

/** The map of a mirror in the other direction: its source is the target here. */
export interface OppositeMap {
  readonly map: PartitionOffsetMap;
  readonly confirmed: CopyProgress;
}

/** Answers the maps of all that bring a target's partition back. Rejects as the client does. */
export type OppositeLook = (place: SyncedPartition) => Promise<readonly OppositeMap[]>;

export class OppositeMaps {
  readonly #source: Cluster;
  readonly #provenance: Provenance;
  readonly #journals = new Map<string, JournalReader>();

  /** `source`: where mirrors in the other direction keep their journals. */
  constructor(source: Cluster, provenance: Provenance) {
    this.#source = source;
    this.#provenance = provenance;
  }

  /**
   * The maps as they are written down when they are first asked for: each journal is looked at once, and the map of
   * each partition is made once, however many groups have offsets there. One that is older than a group's offset is no
   * harm: the group meets some records again.
   */
  look(bounds: CallBounds): OppositeLook {
    const journals = new Map<string, JournalLook>();
    const maps = new Map<string, Promise<readonly OppositeMap[]>>();
    return ({ topic, partition, target }) => {
      const name = nameOf({ topic, partition });
      const found = maps.get(name) ?? this.#mapsOf(topic, { topic: target.topic, partition }, journals, bounds);
      maps.set(name, found);
      return found;
    };
  }

  async #mapsOf(
    topic: string,
    target: TopicPartition,
    journals: Map<string, JournalLook>,
    bounds: CallBounds,
  ): Promise<readonly OppositeMap[]> {
    const found: OppositeMap[] = [];
    for (const mirror of this.#provenance.oppositesOf({ topic, targetTopic: target.topic })) {
      const chunksOf = journals.get(mirror) ?? this.#journal(mirror, bounds).look();
      journals.set(mirror, chunksOf);
      const chunks = await chunksOf(target);
      const confirmed = chunks.at(-1)?.confirmed;
      if (confirmed !== undefined) found.push({ map: mapOfChunks(chunks), confirmed });
    }
    return found;
  }

  #journal(mirror: string, bounds: CallBounds): JournalReader {
    const known = this.#journals.get(mirror);
    if (known !== undefined) return known;
    const journal = new JournalReader(this.#source, offsetsTopicOf(mirror), bounds);
    this.#journals.set(mirror, journal);
    return journal;
  }
}

/** The target offset before which a group that stands on the source at `source` has met all that was brought back. */
export function metOnSource({ map, confirmed }: OppositeMap, source: number): number {
  return map.nextSource(source) ?? confirmed.source;
}

/** The source offset before which lies only what a group that stands on the target at `target` has met there. */
export function metOnTarget({ map, confirmed }: OppositeMap, target: number): number {
  return map.nextTarget(target) ?? confirmed.target;
}
