/** The configuration of single groups (KIP-848). */
import { consumerGroupHeartbeat, describeConfigs, incrementalAlterConfigs } from '@millrace/wire';
import type { Behaviour } from '../matrix/behaviour.ts';
import { ConsumerConversation } from '../matrix/consumer-conversation.ts';

export const groupConfiguration: readonly Behaviour[] = [
  {
    name: 'the session timeout and heartbeat interval of one group can be configured, within bounds',
    apis: ['IncrementalAlterConfigs', 'DescribeConfigs', 'ConsumerGroupHeartbeat'],
    shows: {
      'configures a group': { responses: [{ errorCode: 'NONE', resourceType: 32, resourceName: 'g' }] },
      'configures a name that there is not': {
        responses: [
          {
            errorCode: 'INVALID_CONFIG',
            errorMessage: 'Unknown group config name: session.timeout.ms',
            resourceType: 32,
            resourceName: 'g',
          },
        ],
      },
      'configures too short a session': {
        responses: [
          {
            errorCode: 'INVALID_CONFIG',
            errorMessage:
              'consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
            resourceType: 32,
            resourceName: 'g',
          },
        ],
      },
      'configures too long a session': {
        responses: [
          {
            errorCode: 'INVALID_CONFIG',
            errorMessage:
              'consumer.session.timeout.ms must be less than or equal to group.consumer.max.session.timeout.ms',
            resourceType: 32,
            resourceName: 'g',
          },
        ],
      },
      'configures no number': {
        responses: [
          {
            errorCode: 'INVALID_CONFIG',
            errorMessage: 'Invalid value x for configuration consumer.session.timeout.ms: Not a number of type INT',
            resourceType: 32,
            resourceName: 'g',
          },
        ],
      },
      'configures a group without name': {
        responses: [
          { errorCode: 'INVALID_REQUEST', errorMessage: 'Default group resources are not allowed.', resourceType: 32 },
        ],
      },
      'configures the heartbeat interval': { responses: [{ errorCode: 'NONE', resourceType: 32, resourceName: 'g' }] },
      'describes a group’s configuration': [
        { name: 'consumer.heartbeat.interval.ms', value: '700', configSource: 8, configType: 3 },
        { name: 'consumer.session.timeout.ms', value: '50000', configSource: 8, configType: 3 },
      ],
      'is told the configured interval': 'e in 1 every 700 has 4 of orders',
      'sets the interval back': { responses: [{ errorCode: 'NONE', resourceType: 32, resourceName: 'g' }] },
    },
    by: {
      millrace: async (place, scope) => {
        const c = await ConsumerConversation.begin(place, scope);
        const alter = (name: string, value: string | null, resourceName = c.group) => ({
          resources: [
            { resourceType: 32, resourceName, configs: [{ name, configOperation: value === null ? 1 : 0, value }] },
          ],
          validateOnly: false,
        });
        const session = 'consumer.session.timeout.ms';
        await c.ask('configures a group', incrementalAlterConfigs, 1, alter(session, '50000'));
        await c.ask(
          'configures a name that there is not',
          incrementalAlterConfigs,
          1,
          alter('session.timeout.ms', '50000'),
        );
        await c.ask('configures too short a session', incrementalAlterConfigs, 1, alter(session, '10'));
        await c.ask('configures too long a session', incrementalAlterConfigs, 1, alter(session, '600000'));
        await c.ask('configures no number', incrementalAlterConfigs, 1, alter(session, 'x'));
        await c.ask('configures a group without name', incrementalAlterConfigs, 1, alter(session, '50000', ''));
        await c.ask(
          'configures the heartbeat interval',
          incrementalAlterConfigs,
          1,
          alter('consumer.heartbeat.interval.ms', '700'),
        );
        const names = [session, 'consumer.heartbeat.interval.ms'];
        const draft = {
          resources: [{ resourceType: 32, resourceName: c.group, configurationKeys: names }],
          includeSynonyms: false,
          includeDocumentation: false,
        };
        const described = await c.requestUntil(
          describeConfigs,
          4,
          () => draft,
          (answer) => answer.results[0]?.configs.some(({ value }) => value === '700') ?? false,
        );
        const configs = [...(described.results[0]?.configs ?? [])].sort((one, other) =>
          one.name < other.name ? -1 : 1,
        );
        c.note('describes a group’s configuration', configs);
        c.beginsWith(await c.request(consumerGroupHeartbeat, 1, c.join('e')));
        await c.askUntil(
          'is told the configured interval',
          consumerGroupHeartbeat,
          1,
          () => c.join('e'),
          (answer) => answer.heartbeatIntervalMs === 700,
        );
        await c.ask(
          'sets the interval back',
          incrementalAlterConfigs,
          1,
          alter('consumer.heartbeat.interval.ms', null),
        );
        return c.seen;
      },
    },
  },
];
