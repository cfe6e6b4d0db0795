/** CreatePartitions, versions 0 to 3. */
import {
  createPartitions as createPartitionsApi,
  errorCodes,
  type RequestOf,
  type ResponseDraft,
} from '@millrace/wire';
import type { ClusterState } from '../cluster-state.ts';
import type { Handler } from '../handler.ts';
import type { TopicChangeQuota } from '../quotas/client-quotas.ts';
import { quotaExceeded, throttledMs } from '../quotas/topic-change-throttle.ts';
import { allows } from '../security/authorization.ts';
import { type Refusal, refusalOfStorage } from '../storage-failure.ts';
import { inSlices } from '../time-slices.ts';
import { Mentions } from '../topics/mentions.ts';
import type { Topic } from '../topics/topic.ts';
import { countRefusal, growthAssignment, replicasRefusal, uneven } from '../topics/topic-creation.ts';

type Asked = RequestOf<typeof createPartitionsApi>['topics'][number];
type ResultDraft = ResponseDraft<typeof createPartitionsApi>['results'][number];

const denied: Refusal = { errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED, message: 'Authorization failed.' };
const duplicate: Refusal = { errorCode: errorCodes.INVALID_REQUEST, message: 'Duplicate topic name.' };

/** From this version on a client understands THROTTLING_QUOTA_EXCEEDED. */
const strictSince = 3;

export const createPartitions: Handler<typeof createPartitionsApi> = {
  api: createPartitionsApi,

  async handle(request, context) {
    const quota = context.broker.cluster.quotas.changes(context, context.apiVersion >= strictSince);
    const { cluster } = context.broker;
    const mentions = new Mentions(request.topics.map(({ name }) => name));
    const change = (asked: Asked): Refusal | undefined | Promise<Refusal | undefined> => {
      if (!allows(context, 'Alter', 'Topic', asked.name)) return denied;
      return grow(cluster, asked, request.validateOnly, quota);
    };
    const results = await inSlices(
      cluster.platform,
      request.topics,
      async (asked): Promise<ResultDraft | undefined> => {
        const place = mentions.place(asked.name);
        if (place === 'repeated') return undefined;
        const refusal = place === 'first' ? duplicate : await change(asked);
        return { name: asked.name, errorCode: refusal?.errorCode ?? 0, errorMessage: refusal?.message ?? null };
      },
    );
    const told = results.filter((result) => result !== undefined);
    return { throttleTimeMs: throttledMs(context, quota), results: told };
  },
};

async function grow(
  cluster: ClusterState,
  asked: Asked,
  validateOnly: boolean,
  quota: TopicChangeQuota | undefined,
): Promise<Refusal | undefined> {
  const topic = cluster.topics.byName(asked.name);
  if (topic === undefined) {
    return { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, message: `there is no topic ${asked.name}` };
  }
  const present = topic.partitions.length;
  if (asked.count <= present) {
    const message =
      asked.count === present
        ? `Topic already has ${present} partition(s).`
        : `The topic ${asked.name} currently has ${present} partition(s); ${asked.count} would not be an increase.`;
    return { errorCode: errorCodes.INVALID_PARTITIONS, message };
  }
  const refusal = countRefusal(asked.count);
  if (refusal !== undefined) return refusal;
  const assignment = assignmentOf(cluster, topic, asked);
  if ('errorCode' in assignment) return assignment;
  if (quota?.take(assignment.length) === false) return quotaExceeded;
  if (validateOnly) return undefined;
  const failure = await refusalOfStorage(() => cluster.topics.grow(topic, assignment));
  if (failure !== undefined || topic.partitions.length >= asked.count) return failure;
  // Another request was first, or the topic is gone.
  return grow(cluster, asked, validateOnly, undefined);
}

function assignmentOf(cluster: ClusterState, topic: Topic, asked: Asked): (readonly number[])[] | Refusal {
  const added = asked.count - topic.partitions.length;
  if (asked.assignments === null) return growthAssignment(cluster, topic, added);
  if (asked.assignments.length !== added) {
    const given = asked.assignments.length;
    const attempt = `Attempted to add ${added} additional partition(s)`;
    const message = `${attempt}, but only ${given} assignment(s) were specified.`;
    return { errorCode: errorCodes.INVALID_REPLICA_ASSIGNMENT, message };
  }
  const factor = topic.partitions[0]?.replicas.length ?? 0;
  for (const [index, { brokerIds }] of asked.assignments.entries()) {
    const refusal = replicasRefusal(cluster, topic.partitions.length + index, brokerIds);
    if (refusal !== undefined) return refusal;
    if (brokerIds.length !== factor) return uneven(brokerIds.length, factor);
  }
  return asked.assignments.map(({ brokerIds }) => brokerIds);
}
