/** Which cells of the matrix a run tries. */
import type { Behaviour, ClientName } from './behaviour.ts';
import { clientNames } from './behaviour.ts';
import type { BrokerKind, Profile } from './place.ts';

export interface Cell {
  readonly behaviour: Behaviour;
  readonly client: ClientName;
}

/** The name of a cell's test. */
export function cellName({ behaviour, client }: Cell): string {
  return `${client}: ${behaviour.name}`;
}

/** Whether foreign clients try everything on Apache Kafka too, as `MILLRACE_TEST_SCALE` has it. */
export function isFullRun(): boolean {
  return Number(process.env['MILLRACE_TEST_SCALE'] ?? 0) >= 20;
}

/**
 * All cells of a profile, in the order of the list. On Apache Kafka, unless `full`, a foreign client is left out of a
 * behaviour when earlier ones, of whatever profile, already tried all of the behaviour's APIs with it.
 */
export function selectCells(
  behaviours: readonly Behaviour[],
  { kind, profile, full }: { readonly kind: BrokerKind; readonly profile: Profile; readonly full: boolean },
): Cell[] {
  const tried = new Set<string>();
  return behaviours
    .flatMap((behaviour) => clientsOf(behaviour).map((client) => ({ behaviour, client })))
    .filter(({ behaviour, client }) => {
      if (full || kind === 'embedded' || client === 'millrace') return true;
      const fresh = behaviour.apis.map((api) => `${client} ${api}`).filter((each) => !tried.has(each));
      for (const each of fresh) tried.add(each);
      return fresh.length > 0;
    })
    .filter(({ behaviour }) => (behaviour.profile ?? 'open') === profile);
}

/** The clients that a behaviour is tried with. */
export function clientsOf(behaviour: Behaviour): ClientName[] {
  return clientNames.filter((client) => behaviour.by[client] !== undefined);
}
