/**
 * Mirrors and connectors, as far as they are known: what is declared and does not run, and what runs and is not
 * declared. They are told and never changed here: what is declared of mirrors runs by itself, connectors have a kind of
 * plan of their own.
 */
import type { KindName } from '@millrace/api/declared';
import type { ConnectorView, ConnectView, ToldItem } from '@millrace/api/fleet';
import type { FleetLists } from '../fleet-lists.ts';
import { writtenNameOf } from './named-things.ts';

export interface SeenFlows {
  /** Names of the mirrors that a cluster is the target of, by cluster; without those that were not looked at. */
  readonly mirrors: ReadonlyMap<string, readonly string[]>;
  readonly connects: readonly ConnectView[];
}

export function toldOfFlows(
  wanted: FleetLists,
  { mirrors, connects }: SeenFlows,
  looksAt: (kind: KindName) => boolean,
): ToldItem[] {
  return [
    ...(looksAt('mirror') ? toldOfMirrors(wanted, mirrors) : []),
    ...(looksAt('connector') ? connects.flatMap(toldOfConnect) : []),
  ];
}

function toldOfMirrors({ mirror }: FleetLists, seen: SeenFlows['mirrors']): ToldItem[] {
  const told: ToldItem[] = [];
  for (const [cluster, names] of seen) {
    const declared = mirror.filter(({ target }) => target === cluster).map(({ name }) => name);
    for (const name of declared.filter((each) => !names.includes(each))) {
      const why = `\`millrace mirror status ${name}\` says why`;
      const text = `mirror ${name} has not copied anything to ${cluster} yet: ${why}`;
      told.push({
        about: 'unmet',
        cluster,
        kind: 'mirror',
        names: [writtenNameOf({ kind: 'mirror', id: name })],
        text,
      });
    }
    const others = names.filter((each) => !declared.includes(each));
    if (others.length === 0) continue;
    const text = `not declared, of the mirrors that copy to ${cluster}: ${others.join(', ')}`;
    const written = others.map((id) => writtenNameOf({ kind: 'mirror', id }));
    told.push({ about: 'unmanaged', cluster, kind: 'mirror', names: written, text });
  }
  return told;
}

function toldOfConnect({ name: connect, problem, connectors }: ConnectView): ToldItem[] {
  if (problem !== undefined) {
    const text = `Kafka Connect cluster ${connect} is out of reach, so nothing is known of its connectors: ${problem}`;
    return [{ about: 'unreachable', kind: 'connect', names: [writtenNameOf({ kind: 'connect', id: connect })], text }];
  }
  const nameOf = ({ name }: ConnectorView): string => writtenNameOf({ kind: 'connector', id: `${connect}/${name}` });
  const others = connectors.filter(({ declared }) => !declared);
  const otherNames = others.map(({ name }) => name).join(', ');
  return [
    ...connectors.filter(isOtherThanWanted).map((connector): ToldItem => {
      const is = connector.present ? `is ${connector.state} and declared to be ${connector.wanted}` : 'is not there';
      const text = `connector ${connect}/${connector.name} ${is}: \`millrace connect apply\` changes that`;
      return { about: 'unmet', kind: 'connector', names: [nameOf(connector)], text };
    }),
    ...(others.length === 0 ? [] : [unmanaged(`not declared, of the connectors of ${connect}: ${otherNames}`)]),
  ];

  function unmanaged(text: string): ToldItem {
    return { about: 'unmanaged', kind: 'connector', names: others.map(nameOf), text };
  }
}

/** One that failed or moves runs all the same, as far as the declaration goes. */
function isOtherThanWanted({ declared, present, state, wanted }: ConnectorView): boolean {
  if (!declared) return false;
  if (!present) return true;
  const isHalted = state === 'paused' || state === 'stopped';
  return wanted === 'running' ? isHalted : state !== wanted;
}
