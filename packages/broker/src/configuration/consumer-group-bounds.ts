/** How session timeouts and heartbeat intervals of consumer groups must go together, as Apache Kafka checks them. */
import { ConfigurationError } from './definition.ts';

type Relation = 'greater than or equal to' | 'less than or equal to' | 'less than';

const holds: Readonly<Record<Relation, (left: number, right: number) => boolean>> = {
  'greater than or equal to': (left, right) => left >= right,
  'less than or equal to': (left, right) => left <= right,
  'less than': (left, right) => left < right,
};

/** Throws `ConfigurationError` unless each is between its bounds, and heartbeats come more often than sessions end. */
export function checkConsumerGroupBounds(numberOf: (name: string) => number): void {
  const require = (name: string, relation: Relation, other: string): void => {
    const [left, right] = [`group.consumer.${name}`, `group.consumer.${other}`];
    if (holds[relation](numberOf(left), numberOf(right))) return;
    const values = `they are ${numberOf(left)} and ${numberOf(right)}`;
    throw new ConfigurationError(left, `${left} must be ${relation} ${right}; ${values}`);
  };
  for (const name of ['heartbeat.interval.ms', 'session.timeout.ms']) {
    require(`max.${name}`, 'greater than or equal to', `min.${name}`);
    require(name, 'greater than or equal to', `min.${name}`);
    require(name, 'less than or equal to', `max.${name}`);
  }
  require('heartbeat.interval.ms', 'less than', 'session.timeout.ms');
}
