/** What is asked about the configuration of single groups. */
import { consumerGroupHeartbeat, describeConfigs, incrementalAlterConfigs } from '@millrace/wire';
import type { Conversation } from './conversation.ts';
import { join } from './heartbeats.ts';

export async function groupConfiguration(c: Conversation): Promise<void> {
  const alter = (name: string, value: string | null, resourceName = 'g') => ({
    resources: [
      { resourceType: 32, resourceName, configs: [{ name, configOperation: value === null ? 1 : 0, value }] },
    ],
    validateOnly: false,
  });
  const session = 'consumer.session.timeout.ms';
  await c.ask('configures a group', incrementalAlterConfigs, 1, alter(session, '50000'));
  await c.ask('configures a name that there is not', incrementalAlterConfigs, 1, alter('session.timeout.ms', '50000'));
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
    resources: [{ resourceType: 32, resourceName: 'g', configurationKeys: names }],
    includeSynonyms: false,
    includeDocumentation: false,
  };
  const described = await c.requestUntil(
    describeConfigs,
    4,
    () => draft,
    (answer) => answer.results[0]?.configs.some(({ value }) => value === '700') ?? false,
  );
  const configs = [...(described.results[0]?.configs ?? [])].sort((one, other) => (one.name < other.name ? -1 : 1));
  c.note('describes a group’s configuration', configs);
  await c.askUntil(
    'is told the configured interval',
    consumerGroupHeartbeat,
    1,
    () => join('g', 'e'),
    (answer) => answer.heartbeatIntervalMs === 700,
  );
  await c.ask('sets the interval back', incrementalAlterConfigs, 1, alter('consumer.heartbeat.interval.ms', null));
}
