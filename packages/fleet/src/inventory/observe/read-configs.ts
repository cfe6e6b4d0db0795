/** Settings of topics and brokers that are not the defaults, in slices that are shared out among the brokers. */
import { isMillraceError } from '@millrace/base';
import type { Cluster, Connection } from '@millrace/client/protocol';
import { describeConfigs } from '@millrace/wire';
import { purpose } from './ask-brokers.ts';
import { slices } from './read-groups.ts';

const topicsMax = 250;
/** What a resource is, and where a value comes from, by the protocol's numbers. */
const types = { topic: 2, broker: 4 } as const;
const sources = { topic: 1, broker: 2, everyBroker: 3, file: 4 } as const;

export type Settings = Readonly<Record<string, string>>;

/** Of these topics; without those that are not told. Brokers that fail are passed over. */
export async function readTopicConfigs(
  cluster: Cluster,
  brokers: readonly number[],
  names: readonly string[],
  timeoutMs: number,
): Promise<Map<string, Settings>> {
  const configs = new Map<string, Settings>();
  const open = [...slices(names, topicsMax)];
  const work = async (nodeId: number): Promise<void> => {
    for (let slice = open.pop(); slice !== undefined; slice = open.pop()) {
      try {
        const connection = await cluster.pool.connect(nodeId, purpose);
        await describe(connection, types.topic, slice, timeoutMs, (name, settings) => configs.set(name, settings));
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        // Others may answer; those of this slice are asked for in a later round.
        return;
      }
    }
  };
  await Promise.all(brokers.map(work));
  return configs;
}

/** Of the broker itself, which alone tells. */
export async function readBrokerConfigs(
  connection: Connection,
  nodeId: number,
  timeoutMs: number,
): Promise<Settings | undefined> {
  let found: Settings | undefined;
  await describe(connection, types.broker, [String(nodeId)], timeoutMs, (_, settings) => {
    found = settings;
  });
  return found;
}

async function describe(
  connection: Connection,
  resourceType: number,
  names: readonly string[],
  timeoutMs: number,
  onSettings: (name: string, settings: Settings) => void,
): Promise<void> {
  const resources = names.map((resourceName) => ({ resourceType, resourceName, configurationKeys: null }));
  const { results } = await connection.request(describeConfigs, { resources }, { timeoutMs });
  const wanted = resourceType === types.topic ? isOfTopic : isOfBroker;
  for (const { errorCode, resourceName, configs } of results) {
    if (errorCode !== 0) continue;
    const settings: Record<string, string> = {};
    for (const { name, value, configSource, isSensitive } of configs) {
      // Sensitive values are not told, and are nobody's business here.
      if (wanted(configSource) && value !== null && !isSensitive) settings[name] = value;
    }
    onSettings(resourceName, settings);
  }
}

function isOfTopic(source: number): boolean {
  return source === sources.topic;
}

function isOfBroker(source: number): boolean {
  return source === sources.broker || source === sources.everyBroker || source === sources.file;
}
