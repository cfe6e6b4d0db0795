/** What admins of foreign clients do to configurations, and how they are told what is wrong. */
import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import { outcomeOf } from '../drivers/driver.ts';
import { kafkajs, kafkajsAdmin } from '../drivers/kafkajs.ts';
import { platformatic, platformaticAdmin } from '../drivers/platformatic.ts';
import type { Behaviour } from '../matrix/behaviour.ts';
import type { Place } from '../matrix/place.ts';
import type { Scope } from '../matrix/scope.ts';
import { settled } from '../matrix/settled.ts';

const [topicType, brokerType] = [ConfigResourceTypes.TOPIC, ConfigResourceTypes.BROKER];
const [retention, size] = ['retention.ms', 'max.message.bytes'];

/** Value and source of each. */
type Seen = Readonly<Record<string, readonly [string | null, number]>>;

const untouched: Seen = { [retention]: ['604800000', 5], [size]: ['1048588', 5] };

export const foreignConfigs: readonly Behaviour[] = [
  {
    name: 'a foreign admin sets configurations of a topic, those that it does not name go back to what they were',
    apis: ['AlterConfigs', 'DescribeConfigs'],
    shows: {
      before: untouched,
      both: { [retention]: ['60000', 1], [size]: ['5000', 1] } satisfies Seen,
      one: { [retention]: ['60001', 1], [size]: ['1048588', 5] } satisfies Seen,
      validated: 'done',
      refused: 'INVALID_CONFIG',
      absent: 'UNKNOWN_TOPIC_OR_PARTITION',
      after: { [retention]: ['60001', 1], [size]: ['1048588', 5] } satisfies Seen,
    },
    by: {
      kafkajs: async (place, scope) => resets(scope, await kafkajsConfigs(place, scope)),
      '@platformatic/kafka': (place, scope) => resets(scope, platformaticConfigs(place, scope)),
    },
  },
  {
    name: 'a foreign admin changes one configuration of a topic, and takes it back',
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs'],
    shows: {
      set: { [retention]: ['60000', 1], [size]: ['5000', 1] } satisfies Seen,
      deleted: { [retention]: ['604800000', 5], [size]: ['5000', 1] } satisfies Seen,
      policies: 'delete,compact',
      refused: 'INVALID_CONFIG',
    },
    by: {
      // kafkajs has the older request alone.
      async '@platformatic/kafka'(place, scope) {
        const topic = await scope.createTopic({ configuration: { [size]: '5000' } });
        const admin = platformaticAdmin(place, scope);
        const { SET, DELETE, APPEND } = IncrementalAlterConfigOperationTypes;
        const { look } = platformaticConfigs(place, scope);
        const change = (name: string, configOperation: 0 | 1 | 2, value: string | null): Promise<void> =>
          admin.incrementalAlterConfigs({
            resources: [
              { resourceType: topicType, resourceName: topic, configs: [{ name, configOperation, value } as never] },
            ],
          });
        const seen = (value: string): Promise<Seen> =>
          settled(
            () => look(topic, [retention, size]),
            (each) => each[retention]?.[0] === value,
          );
        await change(retention, SET, '60000');
        const set = await seen('60000');
        await change(retention, DELETE, null);
        const deleted = await seen('604800000');
        await change('cleanup.policy', APPEND, 'compact');
        const policies = await settled(
          async () => (await look(topic, ['cleanup.policy']))['cleanup.policy']?.[0],
          (value) => value !== 'delete',
        );
        const refused = await outcomeOf(platformatic, () => change(retention, SET, 'long'));
        return { set, deleted, policies, refused };
      },
    },
  },
  {
    name: 'a foreign admin describes the configurations of a broker, and is told of one that is not there',
    apis: ['DescribeConfigs'],
    shows: { replicas: ['3', 4], absent: 'failed' },
    by: {
      kafkajs: async (place, scope) => broker(place, await kafkajsConfigs(place, scope)),
      '@platformatic/kafka': (place, scope) => broker(place, platformaticConfigs(place, scope)),
    },
  },
];

/** What both admins have for configurations, in one form. */
interface Configs {
  look(topic: string, names: readonly string[], type?: 2 | 4): Promise<Seen>;
  /** What is not among them is as the broker has it. */
  alter(topic: string, values: Readonly<Record<string, string>>, validateOnly?: boolean): Promise<unknown>;
  outcome(work: () => Promise<unknown>): Promise<string>;
}

async function resets(scope: Scope, { look, alter, outcome }: Configs) {
  const topic = await scope.createTopic();
  const until = (value: string): Promise<Seen> =>
    settled(
      () => look(topic, [retention, size]),
      (seen) => seen[retention]?.[0] === value,
    );
  const before = await look(topic, [retention, size]);
  await alter(topic, { [retention]: '60000', [size]: '5000' });
  const both = await until('60000');
  await alter(topic, { [retention]: '60001' });
  const one = await until('60001');
  return {
    before,
    both,
    one,
    validated: await outcome(() => alter(topic, { [retention]: '70000' }, true)),
    refused: await outcome(() => alter(topic, { [retention]: 'long' })),
    absent: await outcome(() => look(scope.name('absent'), [retention])),
    after: await look(topic, [retention, size]),
  };
}

async function broker({ brokerIds: [id = 0] }: Place, { look, outcome }: Configs) {
  const name = 'default.replication.factor';
  const replicas = (await look(`${id}`, [name], brokerType))[name];
  const absent = await outcome(() => look('99', [name], brokerType));
  // Both look for the broker's address in what they know, and have nobody to ask.
  return { replicas, absent: absent === 'done' ? absent : 'failed' };
}

async function kafkajsConfigs(place: Place, scope: Scope): Promise<Configs> {
  const admin = await kafkajsAdmin(place, scope);
  return {
    async look(name, names, type = topicType) {
      const asked = [{ type, name, configNames: [...names] }];
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: asked });
      const entries = resources.flatMap(({ configEntries }) => configEntries);
      return seenIn(entries.map((each) => [each.configName, [each.configValue, each.configSource]]));
    },
    alter(topic, values, validateOnly = false) {
      const configEntries = Object.entries(values).map(([name, value]) => ({ name, value }));
      return admin.alterConfigs({ validateOnly, resources: [{ type: topicType, name: topic, configEntries }] });
    },
    outcome: (work) => outcomeOf(kafkajs, work),
  };
}

function platformaticConfigs(place: Place, scope: Scope): Configs {
  const admin = platformaticAdmin(place, scope);
  return {
    async look(resourceName, names, resourceType = topicType) {
      const resources = [{ resourceType, resourceName, configurationKeys: [...names] }];
      const entries = (await admin.describeConfigs({ resources })).flatMap(({ configs }) => configs);
      return seenIn(entries.map(({ name, value, configSource }) => [name, [value ?? null, configSource]]));
    },
    alter(topic, values, validateOnly = false) {
      const configs = Object.entries(values).map(([name, value]) => ({ name, value }));
      const resources = [{ resourceType: topicType, resourceName: topic, configs }];
      return admin.alterConfigs({ validateOnly, resources });
    },
    outcome: (work) => outcomeOf(platformatic, work),
  };
}

function seenIn(entries: readonly (readonly [string, readonly [string | null, number]])[]): Seen {
  return Object.fromEntries(entries);
}
