/**
 * How far the mirrors in the other direction have brought what was written on the target, for topics that are mirrored
 * both ways. A group that moves to the target must not go past records of that side which it did not meet on the
 * source: neither those that had not come there yet, nor those that lie there behind it.
 */
import type { CallBounds, Cluster } from '@millrace/client/protocol';
import { mapOfChunks } from '../copy/chunk-map.ts';
import { JournalReader } from '../copy/journal-reader.ts';
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

export class OppositeMaps {
  readonly #source: Cluster;
  readonly #provenance: Provenance;
  readonly #journals = new Map<string, JournalReader>();

  /** `source`: where mirrors in the other direction keep their journals. */
  constructor(source: Cluster, provenance: Provenance) {
    this.#source = source;
    this.#provenance = provenance;
  }

  /** The maps of all that bring the target's partition back, as they are written down. Rejects as the client does. */
  async of({ topic, partition, target }: SyncedPartition, bounds: CallBounds): Promise<OppositeMap[]> {
    const found: OppositeMap[] = [];
    for (const mirror of this.#provenance.oppositesOf({ topic, targetTopic: target.topic })) {
      const chunks = await this.#journal(mirror, bounds).chunksOf({ topic: target.topic, partition });
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
