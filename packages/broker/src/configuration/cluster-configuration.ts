/**
 * The broker-wide configuration: defaults, what the cluster was started with, and what was set while it runs (which
 * wins, and survives a restart through the cluster's journal).
 */
import type { Journal, JournalSection } from '../journal/journal.ts';
import { brokerDefinitions } from './broker-definitions.ts';
import { checkConsumerGroupBounds } from './consumer-group-bounds.ts';
import { ConfigurationError, checkValue, type Definition } from './definition.ts';
import { isWithoutEffect, ownSettings } from './foreign-settings.ts';
import { listenerDefinitions } from './security-definitions.ts';

const definitions = new Map(brokerDefinitions.map((definition) => [definition.name, definition]));

/** Where a value comes from; Kafka's numbers for it are in DescribeConfigs. */
export type ConfigurationSource = 'default' | 'static' | 'dynamic';

export interface ConfigurationEntry {
  readonly definition: Definition;
  readonly value: string;
  readonly source: ConfigurationSource;
}

export class ClusterConfiguration {
  /** Settings of Apache Kafka's that it was started with and that change nothing here. */
  readonly ignored: readonly string[];
  readonly #static: ReadonlyMap<string, string>;
  readonly #dynamic = new Map<string, string>();
  #section: JournalSection<DynamicEntry> | undefined;

  /** Throws `ConfigurationError` for an unknown name, a value that is not allowed, and values that contradict. */
  constructor(settings: Readonly<Record<string, string>>) {
    const { own, ignored } = ownSettings(settings);
    for (const [name, value] of own) checkValue(brokerDefinition(name), value);
    this.#static = own;
    this.ignored = ignored;
    checkConsumerGroupBounds((name) => this.number(name));
  }

  /** Keeps dynamic values in the journal; before that is opened. */
  attach(journal: Journal): void {
    this.#section = journal.section<DynamicEntry>('configuration', {
      apply: (entry) => this.#apply(entry),
      snapshot: () => [...this.#dynamic].map(([name, value]) => ({ name, value })),
    });
  }

  /** What was set while the cluster runs. */
  get dynamic(): ReadonlyMap<string, string> {
    return this.#dynamic;
  }

  text(name: string): string {
    return this.#dynamic.get(name) ?? this.#static.get(name) ?? brokerDefinition(name).default;
  }

  /**
   * The value for a listener, and with `mechanism` for that SASL mechanism there, which
   * `listener.name.<listener>.[<mechanism>.]<name>` sets before `name` does.
   */
  textFor(listener: string, name: string, mechanism?: string): string {
    const prefix = `listener.name.${listener.toLowerCase()}.`;
    const own = [`${prefix}${name}`];
    if (mechanism !== undefined) own.unshift(`${prefix}${mechanism.toLowerCase()}.${name}`);
    const set = own.find((each) => this.#dynamic.has(each) || this.#static.has(each));
    return this.text(set ?? name);
  }

  number(name: string): number {
    return Number(this.text(name));
  }

  boolean(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** Every configuration with its value, and those of single listeners that are set. */
  entries(): ConfigurationEntry[] {
    const ofListeners = [...new Set([...this.#static.keys(), ...this.#dynamic.keys()])].filter((name) =>
      name.startsWith('listener.name.'),
    );
    return [...brokerDefinitions, ...ofListeners.map(brokerDefinition)].map((definition) => {
      const { name } = definition;
      return { definition, value: this.text(name), source: this.sourceOf(name) };
    });
  }

  /** Where the value in force comes from. */
  sourceOf(name: string): ConfigurationSource {
    if (this.#dynamic.has(name)) return 'dynamic';
    return this.#static.has(name) ? 'static' : 'default';
  }

  /** The values that a name has by their sources, the one in force first and the default last. */
  layersOf(name: string): Pick<ConfigurationEntry, 'value' | 'source'>[] {
    const layers: Pick<ConfigurationEntry, 'value' | 'source'>[] = [];
    const [dynamic, fixed] = [this.#dynamic.get(name), this.#static.get(name)];
    if (dynamic !== undefined) layers.push({ value: dynamic, source: 'dynamic' });
    if (fixed !== undefined) layers.push({ value: fixed, source: 'static' });
    layers.push({ value: brokerDefinition(name).default, source: 'default' });
    return layers;
  }

  /** Throws `ConfigurationError` unless all these changes are allowed while running. */
  checkDynamic(changes: ReadonlyMap<string, string | undefined>): void {
    for (const [name, value] of changes) {
      const definition = brokerDefinition(name);
      if (!definition.dynamic) throw new ConfigurationError(name, `${name} can't be changed while the broker runs`);
      if (value !== undefined) checkValue(definition, value);
    }
  }

  /**
   * Sets, or with undefined unsets, values while running. Rejects with `ConfigurationError` before anything is changed.
   */
  async changeDynamic(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    this.checkDynamic(changes);
    const section = this.#section;
    // In one turn, so that they go out in one write.
    await Promise.all([...changes].map(([name, value]) => section?.append({ name, value: value ?? null })));
  }

  #apply(entry: DynamicEntry): void {
    if (entry.value === null) this.#dynamic.delete(entry.name);
    else this.#dynamic.set(entry.name, entry.value);
  }
}

interface DynamicEntry {
  readonly name: string;
  readonly value: string | null;
}

/** The definition of a broker configuration, or of a listener's own. Throws `ConfigurationError`. */
export function brokerDefinition(name: string): Definition {
  const definition = definitions.get(name) ?? listenerDefinition(name);
  if (definition === undefined) {
    const reason = isWithoutEffect(name)
      ? `broker configuration ${name} of Apache Kafka changes nothing here`
      : `there is no broker configuration named ${name}`;
    throw new ConfigurationError(name, reason);
  }
  return definition;
}

/** What `listener.name.<listener>.[<mechanism>.]<name>` means. */
function listenerDefinition(name: string): Definition | undefined {
  const rest = /^listener\.name\.[a-z0-9_-]+\.(.+)$/.exec(name)?.[1];
  if (rest === undefined) return undefined;
  const plain = rest.replace(/^(?:plain|scram-sha-256|scram-sha-512|oauthbearer)\./, '');
  const definition = listenerDefinitions.find((each) => each.name === plain);
  return definition && { ...definition, name };
}
