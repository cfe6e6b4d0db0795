/**
 * Which metrics are wanted of which clients (KIP-714): named subscriptions, each with metrics, an interval and patterns
 * that clients must match. A section of the journal. Patterns come from outside and run in linear time.
 */
import type { RE2JS } from 're2js';
import { ConfigurationError, checkValue, type Definition, listOf } from '../configuration/definition.ts';
import type { Journal, JournalSection } from '../journal/journal.ts';
import { re2js } from '../on-demand.ts';

interface SubscriptionEntry {
  readonly name: string;
  /** All that is set then; nothing deletes it. */
  readonly values: Readonly<Record<string, string>>;
}

/** What a client says of itself, by the names that patterns use. */
export interface ClientTraits {
  readonly client_instance_id: string;
  readonly client_id: string;
  readonly client_software_name: string;
  readonly client_software_version: string;
  readonly client_source_address: string;
  readonly client_source_port: string;
}

/** What a client is asked for: name prefixes of metrics, and how often. */
export interface WantedMetrics {
  /** Empty for none; `*` alone for all, as Apache Kafka tells it (KIP-714 has an empty prefix). */
  readonly prefixes: readonly string[];
  readonly intervalMs: number;
}

export const intervalMsDefault = 300_000;

export const subscriptionDefinitions: readonly Definition[] = [
  {
    name: 'interval.ms',
    type: 'int',
    default: String(intervalMsDefault),
    min: 100,
    max: 3_600_000,
    documentation: 'How often clients push their metrics, in milliseconds.',
  },
  {
    name: 'match',
    type: 'list',
    default: '',
    documentation: 'Which clients are asked, each as name=pattern; all of them must match. Empty for every client.',
  },
  {
    name: 'metrics',
    type: 'list',
    default: '',
    documentation: 'The names of metrics, or what they begin with; * for all.',
  },
];

const traits: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
] satisfies (keyof ClientTraits)[]);

const definitions = new Map(subscriptionDefinitions.map((definition) => [definition.name, definition]));
const noValues: ReadonlyMap<string, string> = new Map();

interface Subscription {
  readonly values: ReadonlyMap<string, string>;
  readonly metrics: readonly string[];
  readonly intervalMs: number;
  readonly patterns: readonly (readonly [trait: keyof ClientTraits, pattern: RE2JS])[];
}

export class MetricSubscriptions {
  readonly #section: JournalSection<SubscriptionEntry>;
  readonly #byName = new Map<string, Subscription>();
  #version = 0;

  /** Before the journal is opened. */
  constructor(journal: Journal) {
    this.#section = journal.section<SubscriptionEntry>('client-metrics', {
      apply: ({ name, values }) => this.#apply(name, new Map(Object.entries(values))),
      snapshot: () => [...this.#byName].map(([name, { values }]) => ({ name, values: Object.fromEntries(values) })),
    });
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** What a subscription sets; nothing when there is none of that name. */
  valuesOf(name: string): ReadonlyMap<string, string> {
    return this.#byName.get(name)?.values ?? noValues;
  }

  /** Replaces what a subscription sets, once `checkSubscription` passed. Rejects as `JournalSection.append` does. */
  change(name: string, values: ReadonlyMap<string, string>): Promise<void> {
    return this.#section.append({ name, values: Object.fromEntries(values) }, { sync: true });
  }

  /** What a client is asked for by all subscriptions that it matches. */
  wantedOf(client: ClientTraits): WantedMetrics {
    const prefixes = new Set<string>();
    let intervalMs = intervalMsDefault;
    for (const subscription of this.#byName.values()) {
      if (!subscription.patterns.every(([trait, pattern]) => pattern.matches(client[trait]))) continue;
      for (const metric of subscription.metrics) prefixes.add(metric);
      intervalMs = Math.min(intervalMs, subscription.intervalMs);
    }
    return { prefixes: prefixes.has('*') ? ['*'] : [...prefixes].sort(), intervalMs };
  }

  #apply(name: string, values: ReadonlyMap<string, string>): void {
    this.#version += 1;
    if (values.size === 0) this.#byName.delete(name);
    else {
      this.#byName.set(name, {
        values,
        metrics: listOf(values.get('metrics') ?? ''),
        intervalMs: Number(values.get('interval.ms') ?? intervalMsDefault),
        patterns: listOf(values.get('match') ?? '').map(parsePattern),
      });
    }
  }
}

/** The definition of a subscription's configuration name; throws `ConfigurationError` when there is none. */
export function subscriptionDefinition(name: string): Definition {
  const definition = definitions.get(name);
  if (definition === undefined) throw new ConfigurationError(name, `Unknown client metrics configuration: ${name}`);
  return definition;
}

/** Throws `ConfigurationError` unless a subscription may set these values. */
export function checkSubscription(values: ReadonlyMap<string, string>): void {
  for (const [name, value] of values) checkValue(subscriptionDefinition(name), value);
  for (const element of listOf(values.get('match') ?? '')) parsePattern(element);
}

function parsePattern(element: string): readonly [keyof ClientTraits, RE2JS] {
  const refuse = (cause?: unknown): never => {
    const error = new ConfigurationError('match', `Illegal client matching pattern: ${element}`);
    if (cause !== undefined) error.cause = cause;
    throw error;
  };
  const [trait = '', pattern = '', ...rest] = element.split('=').map((part) => part.trim());
  if (!traits.has(trait) || pattern === '' || rest.length > 0) refuse();
  try {
    return [trait as keyof ClientTraits, re2js().RE2JS.compile(pattern)];
  } catch (error) {
    return refuse(error);
  }
}
