/**
 * For tests of authorization: an API is asked by somebody without any entry, who is refused with Kafka's error, and
 * again with each of the entries that Kafka's documentation names for it, after which it does not refuse any more.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  type Api,
  type errorCodes,
  errorRow,
  type offsetCommit,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/wire';
import { type Grant, SecuredCluster } from './secured-cluster.ts';

export const topic = 'orders';
export const group = 'readers';
const cluster = 'kafka-cluster';

export interface RefusalCase<A extends Api> {
  readonly api: A;
  readonly what?: string;
  readonly version?: number;
  readonly draft: () => RequestDraft<A>;
  readonly codes: (answer: ResponseOf<A>) => (number | undefined)[];
  readonly refusal: keyof typeof errorCodes;
  /** Any one of these is enough. */
  readonly grants: readonly Grant[];
}

export const denied = {
  topic: 'TOPIC_AUTHORIZATION_FAILED',
  group: 'GROUP_AUTHORIZATION_FAILED',
  cluster: 'CLUSTER_AUTHORIZATION_FAILED',
  transaction: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
} as const;

export const onTopic = (operation: Grant['operation'], name = topic): Grant => ({ operation, type: 'Topic', name });
export const onGroup = (operation: Grant['operation']): Grant => ({ operation, type: 'Group', name: group });
export const onCluster = (operation: Grant['operation']): Grant => ({ operation, type: 'Cluster', name: cluster });

/** A cluster for the tests of a file, with the topic, and without entries at the start of each test. */
export function securedForTests(): { readonly secured: SecuredCluster; readonly topicId: string } {
  const shared = {} as { secured: SecuredCluster; topicId: string };
  before(async () => {
    shared.secured = await SecuredCluster.start();
    await shared.secured.fixture.createTopic(topic);
    shared.topicId = shared.secured.fixture.cluster.topics.byName(topic)?.id ?? '';
  });
  beforeEach(() => shared.secured.revokeAll());
  after(() => shared.secured[Symbol.asyncDispose]());
  return shared;
}

/** The tests of one API. */
export function refuses<A extends Api>(shared: { readonly secured: SecuredCluster }, given: RefusalCase<A>): void {
  const { api, what = '', version, draft, codes, refusal, grants } = given;
  const name = `${api.name} ${what}`.trim();
  const ask = async (): Promise<string[]> => {
    const found = codes(await shared.secured.alice.request(api, draft(), version));
    assert.ok(found.length > 0);
    return found.map((code) => errorRow(code ?? -1).name);
  };
  test(`${name} is ${refusal} without an entry`, async () => {
    for (const code of await ask()) assert.equal(code, refusal);
  });
  for (const grant of grants) {
    test(`${name} is allowed by ${grant.operation} on ${grant.type} ${grant.name}`, async () => {
      await shared.secured.grant(grant);
      for (const code of await ask()) assert.notEqual(code, refusal);
    });
    test(`${name} is denied where all is, though ${grant.operation} is allowed`, async () => {
      await shared.secured.grant(grant);
      await shared.secured.grant({ ...grant, operation: 'All', deny: true });
      for (const code of await ask()) assert.equal(code, refusal);
    });
  }
}

/** A commit of offset 0 of the first partition of topics, by nobody's member. */
export function commitOf(names: readonly string[]): RequestDraft<typeof offsetCommit> {
  const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: null }];
  const topics = names.map((name) => ({ name, partitions }));
  return { groupId: group, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, topics };
}
