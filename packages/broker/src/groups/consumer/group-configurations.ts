/**
 * What single groups set for themselves over the broker's values (KIP-848). A section of the journal; a group need not
 * exist to be configured.
 */
import { groupDefinitions } from '../../configuration/consumer-group-definitions.ts';
import { ConfigurationError, checkValue, type Definition } from '../../configuration/definition.ts';
import type { Journal, JournalSection } from '../../journal/journal.ts';
import type { SettingSource } from '../group-settings.ts';

interface ConfigurationEntry {
  readonly group: string;
  /** All that the group sets then. */
  readonly values: Readonly<Record<string, string>>;
}

const definitions = new Map(groupDefinitions.map((definition) => [definition.name, definition]));
const noValues: ReadonlyMap<string, string> = new Map();

/** The definition of a group's configuration name; throws `ConfigurationError` when there is none. */
export function groupDefinition(name: string): Definition {
  const definition = definitions.get(name);
  if (definition === undefined) throw new ConfigurationError(name, `Unknown group config name: ${name}`);
  return definition;
}

export class GroupConfigurations {
  readonly #cluster: SettingSource;
  readonly #section: JournalSection<ConfigurationEntry>;
  readonly #values = new Map<string, ReadonlyMap<string, string>>();

  /** Registers the section `group-configuration`; the journal is opened later. */
  constructor(journal: Journal, cluster: SettingSource) {
    this.#cluster = cluster;
    this.#section = journal.section<ConfigurationEntry>('group-configuration', {
      apply: ({ group, values }) => this.#apply(group, new Map(Object.entries(values))),
      snapshot: () => [...this.#values].map(([group, values]) => ({ group, values: Object.fromEntries(values) })),
    });
  }

  /** Ids of the groups that set something. */
  ids(): Iterable<string> {
    return this.#values.keys();
  }

  /** What a group sets itself, by name. */
  of(group: string): ReadonlyMap<string, string> {
    return this.#values.get(group) ?? noValues;
  }

  /** Bounded by the broker's minimum and maximum, which may have changed since the group was configured. */
  sessionTimeoutMs(group: string): number {
    return this.#bounded(group, 'session.timeout.ms');
  }

  heartbeatIntervalMs(group: string): number {
    return this.#bounded(group, 'heartbeat.interval.ms');
  }

  /** The value in force: the group's own or the broker's. */
  text(group: string, definition: Definition): string {
    return this.of(group).get(definition.name) ?? this.#cluster.text(definition.brokerName ?? definition.name);
  }

  /** Throws `ConfigurationError` unless a group may set these values. */
  check(values: ReadonlyMap<string, string>): void {
    for (const [name, value] of values) checkValue(groupDefinition(name), value);
    const inForce = (name: string): number => {
      return Number(values.get(`consumer.${name}`) ?? this.#cluster.text(`group.consumer.${name}`));
    };
    for (const name of ['heartbeat.interval.ms', 'session.timeout.ms']) {
      const refuse = (relation: string, bound: string): never => {
        throw new ConfigurationError(`consumer.${name}`, `consumer.${name} must be ${relation} ${bound}`);
      };
      const least = `group.consumer.min.${name}`;
      const most = `group.consumer.max.${name}`;
      if (!values.has(`consumer.${name}`)) continue;
      if (inForce(name) < this.#cluster.number(least)) refuse('greater than or equal to', least);
      if (inForce(name) > this.#cluster.number(most)) refuse('less than or equal to', most);
    }
    if (values.size > 0 && inForce('session.timeout.ms') <= inForce('heartbeat.interval.ms')) {
      const name = 'consumer.session.timeout.ms';
      throw new ConfigurationError(name, `${name} must be greater than consumer.heartbeat.interval.ms`);
    }
  }

  /** Replaces what a group sets, after `check`. Rejects as `JournalSection.append` does. */
  change(group: string, values: ReadonlyMap<string, string>): Promise<void> {
    return this.#section.append({ group, values: Object.fromEntries(values) }, { sync: true });
  }

  #bounded(group: string, name: string): number {
    const own = this.of(group).get(`consumer.${name}`);
    if (own === undefined) return this.#cluster.number(`group.consumer.${name}`);
    const least = this.#cluster.number(`group.consumer.min.${name}`);
    return Math.min(Math.max(Number(own), least), this.#cluster.number(`group.consumer.max.${name}`));
  }

  #apply(group: string, values: ReadonlyMap<string, string>): void {
    if (values.size === 0) this.#values.delete(group);
    else this.#values.set(group, values);
  }
}
