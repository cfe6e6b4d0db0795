/** One call for each way in which a client finds the broker that has to answer. */
import { type Client, unwrap } from '@millrace/client';
import { uniqueName } from './client-fixture.ts';

/** A call of each kind, by the broker that has to answer it. */
const calls: Readonly<Record<string, (client: Client, topic: string, group: string) => Promise<unknown>>> = {
  any: (client) => client.admin().listTopics(),
  'the controller': async (client) => {
    const [created] = await client.admin().createTopics([{ topic: uniqueName('late'), partitions: 1 }]);
    // The first try may have made it, and its answer come too late.
    if (created?.error?.errorName !== 'TOPIC_ALREADY_EXISTS') unwrap([created].flatMap((each) => each ?? []));
  },
  'a leader': (client, topic) =>
    client
      .admin()
      .listOffsets([{ topic, partition: 0, at: 'latest' }])
      .then(unwrap),
  'a coordinator': (client, _topic, group) => client.admin().fetchOffsets(group).then(unwrap),
  'each broker': (client) => client.admin().listGroups(),
  'the coordinator of a commit': async (client, topic, group) => {
    await using consumer = client.consumer({ group, assign: [{ topic, partition: 0, offset: 0 }] });
    await consumer.commit([{ topic, partition: 0, offset: 1 }]);
  },
};

/** Results or errors of all these calls, made at once. */
export async function outcomes(client: Client, topic: string, group: string): Promise<ReadonlyMap<string, unknown>> {
  const made = Object.entries(calls).map(async ([what, call]) => {
    const result = await call(client, topic, group).catch((error: unknown) => error);
    return [what, result] as const;
  });
  return new Map(await Promise.all(made));
}

/** As `outcomes`, of which none may be an error. */
export async function allAnswered(client: Client, topic: string, group: string): Promise<void> {
  const met = await outcomes(client, topic, group);
  for (const [what, outcome] of met) if (outcome instanceof Error) throw new Error(what, { cause: outcome });
}
