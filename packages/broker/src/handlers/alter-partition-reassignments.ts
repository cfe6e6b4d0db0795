/** AlterPartitionReassignments, versions 0 and 1. */
import { alterPartitionReassignments as api, errorCodes, type ResponseDraft } from '@millrace/wire';
import type { Handler } from '../handler.ts';
import { reassignPartitions } from '../replication/reassign-partitions.ts';
import { allows, clusterResource } from '../security/authorization.ts';
import { type Refusal, refusalOfStorage } from '../storage-failure.ts';

type TopicDraft = ResponseDraft<typeof api>['responses'][number];

export const alterPartitionReassignments: Handler<typeof api> = {
  api,

  async handle(request, context) {
    const { allowReplicationFactorChange } = request;
    const refused = (errorCode: number, errorMessage: string) => {
      return { allowReplicationFactorChange, errorCode, errorMessage, responses: [] };
    };
    if (!allows(context, 'Alter', 'Cluster', clusterResource)) {
      return refused(errorCodes.CLUSTER_AUTHORIZATION_FAILED, 'Cluster authorization failed.');
    }
    const { replication, topics } = context.broker.cluster;
    const wanted = request.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, replicas }) => ({ topic: name, partition: partitionIndex, replicas })),
    );
    let refusals: (Refusal | undefined)[] = [];
    const failure = await refusalOfStorage(async () => {
      refusals = await reassignPartitions(replication, topics, wanted, allowReplicationFactorChange);
    });
    if (failure !== undefined) return refused(failure.errorCode, failure.message);
    let next = 0;
    const responses: TopicDraft[] = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const refusal = refusals[next++];
        return { partitionIndex, errorCode: refusal?.errorCode ?? 0, errorMessage: refusal?.message ?? null };
      }),
    }));
    return { allowReplicationFactorChange, errorCode: errorCodes.NONE, errorMessage: null, responses };
  },
};
