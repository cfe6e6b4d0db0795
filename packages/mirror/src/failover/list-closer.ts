/** Whoever ends the copying of a shard leaves markers of its producer id there, and so is listed as the mirror. */
import type { CallBounds, Cluster, ProducerIdentity } from '@millrace/client/protocol';
import { OriginList } from '../provenance/origin-list.ts';
import { producerRecord } from '../provenance/origin-record.ts';

/**
 * Resolves once the target knows the id as that of the mirror's shard. As a rule it does, as ids of a transactional id
 * stay; where the coordinator had forgotten that one, the id is new. The source may be gone, so what it is called is
 * what the mirror listed before; where that was nothing, nobody is misled. Rejects as `OriginList` does.
 */
export async function listCloser(
  target: Cluster,
  mirror: string,
  shard: number,
  { producerId }: ProducerIdentity,
  bounds: CallBounds,
): Promise<void> {
  const list = new OriginList(target, bounds);
  await list.refresh(bounds);
  if (list.producer(producerId) !== undefined) return;
  const own = [...list.producers].find((each) => each.mirror === mirror);
  if (own === undefined) return;
  // No data is written with it.
  await list.write([producerRecord({ producerId, mirror, shard, source: own.source, routesFrom: null })], bounds);
}
