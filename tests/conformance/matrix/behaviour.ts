/** What a behaviour is: a promise of Kafka that is tried with several clients, on both kinds of broker. */
import type { apis } from '@millrace/wire';
import type { BrokerKind, Place, Profile } from './place.ts';
import type { Scope } from './scope.ts';

export const clientNames = ['millrace', 'kcat', 'kafkajs', '@platformatic/kafka', 'java'] as const;
export type ClientName = (typeof clientNames)[number];
export type ApiName = (typeof apis)[number]['name'];

/** Tries it, and answers what it saw: plain JSON without ids, times and names that differ from run to run. */
export type Try = (place: Place, scope: Scope) => Promise<unknown>;

export interface Behaviour {
  /** A sentence, unique in the list. */
  readonly name: string;
  /** The APIs that it is about; every API that the broker offers is named by one behaviour at least. */
  readonly apis: readonly ApiName[];
  /** Default `open`. */
  readonly profile?: Profile;
  /** What every client must see on both kinds of broker; or what it sees on each, when DIFFERENCES.md lists that. */
  readonly shows: unknown | ListedDifference;
  readonly by: Readonly<Partial<Record<ClientName, Try>>>;
}

/** What differs on purpose. */
export class ListedDifference {
  /** The first cell of its row in DIFFERENCES.md. */
  readonly row: string;
  readonly shows: Readonly<Record<BrokerKind, unknown>>;

  constructor(row: string, shows: Readonly<Record<BrokerKind, unknown>>) {
    this.row = row;
    this.shows = shows;
  }
}

/** What a behaviour must show on a kind of broker. */
export function shown({ shows }: Behaviour, kind: BrokerKind): unknown {
  return shows instanceof ListedDifference ? shows.shows[kind] : shows;
}
