/**
 * WriteTxnMarkers, versions 1 and 2. Brokers of other clusters never send it; it is how an administrator ends a
 * transaction that hangs (KIP-664).
 */
import { isMillraceError } from '@millrace/base';
import { writeTxnMarkers as api, errorCodes, type WriteTxnMarkersRequest } from '@millrace/wire';
import type { Handler, RequestContext } from '../handler.ts';
import { leaderPartition } from '../partition-access.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { type Marker, writeMarker } from '../transactions/marker-writer.ts';

type Asked = WriteTxnMarkersRequest['markers'][number];

export const writeTxnMarkers: Handler<typeof api> = {
  api,

  async handle({ markers }, context) {
    const allowed =
      allows(context, 'ClusterAction', 'Cluster', clusterResource) ||
      allows(context, 'Alter', 'Cluster', clusterResource);
    return { markers: await Promise.all(markers.map((asked) => write(asked, context, allowed))) };
  },
};

async function write(asked: Asked, context: RequestContext, allowed: boolean) {
  const { producerId, producerEpoch, coordinatorEpoch, transactionResult: commit } = asked;
  const marker = { producerId, producerEpoch, coordinatorEpoch, commit };
  const topics = asked.topics.map(async ({ name, partitionIndexes }) => ({
    name,
    partitions: await Promise.all(
      partitionIndexes.map(async (partitionIndex) => ({
        partitionIndex,
        errorCode: allowed
          ? await writeTo(name, partitionIndex, marker, context)
          : errorCodes.CLUSTER_AUTHORIZATION_FAILED,
      })),
    ),
  }));
  return { producerId, topics: await Promise.all(topics) };
}

async function writeTo(name: string, index: number, marker: Marker, { broker }: RequestContext): Promise<number> {
  const { partition, errorCode } = leaderPartition(broker, name, '', index);
  if (partition === undefined) return errorCode;
  try {
    return await writeMarker(partition, marker, broker.cluster.platform.clock.now());
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return errorCodes.KAFKA_STORAGE_ERROR;
  }
}
