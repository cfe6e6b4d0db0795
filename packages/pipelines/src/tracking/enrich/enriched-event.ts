/** What follows from an event: a record of `tracking.enriched` is an event with these facts. */
import type { TrackingEvent } from '../event.ts';

export interface Named {
  readonly name: string;
  /** As far as it is known: `126.0.1`. */
  readonly version?: string | undefined;
}

export interface EventFacts {
  /** Sent by a program: a bot, a feed reader, a monitor, a script. */
  readonly automated: boolean;
  /** By the rules of uap-core. */
  readonly browser?: Named | undefined;
  readonly os?: Named | undefined;
  readonly device?: {
    readonly family: string;
    readonly brand?: string | undefined;
    readonly model?: string | undefined;
  };
  /** Where a person came from; absent for what stays within the site. */
  readonly referrer?:
    | { readonly medium: string; readonly source?: string | undefined; readonly host: string }
    | undefined;
  readonly campaign?: Campaign | undefined;
}

/** What a link was marked with (`utm_source` and so on), or the sender said. */
export interface Campaign {
  readonly source?: string | undefined;
  readonly medium?: string | undefined;
  readonly name?: string | undefined;
  readonly term?: string | undefined;
  readonly content?: string | undefined;
  readonly id?: string | undefined;
  /** The parameter by which a network marks clicks: `gclid`. Its value, which names a person, is not kept. */
  readonly click?: string | undefined;
}

export type EnrichedEvent = TrackingEvent & { readonly facts: EventFacts };
