/** What `fleet diff` and `fleet apply` are asked for, as the API has it. */
import type { KindName } from '@millrace/api/declared';
import type { FleetRequest } from '@millrace/api/fleet';
import type { Values } from '../framework/option.ts';
import { many } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';

/** Everything of a kind that the file leaves out. */
export interface Pruned {
  readonly kind: string;
  /** How many things go, as whoever asks has counted them; undefined when nobody said. */
  readonly count: number | undefined;
}

const word = (text: string): string => text;

export const fleetScopeOptions = {
  kind: many(
    { placeholder: 'KIND', help: 'Only this kind of thing: topic, acl, team and so on (may be repeated)' },
    word,
  ),
  cluster: many({ placeholder: 'NAME', help: 'Only this cluster (may be repeated)' }, word),
  delete: many(
    { placeholder: 'KIND/ID', help: 'Delete this: topic/east/orders (may be repeated); records of a topic are lost' },
    word,
  ),
  prune: many(
    {
      placeholder: 'KIND[=N]',
      help: 'Delete all of a kind that the record has and the file has not; N, how many, is asked for',
    },
    parsePruned,
  ),
} as const;

function parsePruned(text: string): Pruned {
  const [, kind, count] = /^([a-z]+)(?:=(\d+))?$/.exec(text) ?? [];
  if (kind === undefined) throw new UsageError(`--prune: '${text}' is not KIND or KIND=N`);
  return { kind, count: count === undefined ? undefined : Number(count) };
}

/** The request, with the file's content. @throws FleetFileError, UsageError */
export async function fleetRequest(
  file: string | undefined,
  { kind, cluster, delete: named, prune }: Values<typeof fleetScopeOptions>,
): Promise<FleetRequest> {
  const { kindNames } = await import('@millrace/api/declared');
  const known = (name: string): KindName => {
    const found = kindNames.find((each) => each === name);
    if (found === undefined) throw new UsageError(`there is no kind '${name}'; there are ${kindNames.join(', ')}`);
    return found;
  };
  const kinds = kind.map(known);
  const pruned = prune.map((each) => known(each.kind));
  if (pruned.length > 0 && file === undefined) {
    throw new UsageError('--prune goes with a file: it deletes what that lacks');
  }
  return {
    ...(file !== undefined && { fleet: await fleetOf(file) }),
    ...(named.length > 0 && { delete: [...named] }),
    ...(pruned.length > 0 && { prune: pruned }),
    ...(kinds.length > 0 && { kinds }),
    ...(cluster.length > 0 && { clusters: [...cluster] }),
  };
}

async function fleetOf(file: string): Promise<NonNullable<FleetRequest['fleet']>> {
  const { readFleetFile } = await import('@millrace/fleet');
  const { kinds } = await import('@millrace/api/declared');
  const { declared } = await readFleetFile(file, { mayBePart: true });
  return Object.fromEntries(
    Object.entries(declared).map(([kind, specs]) => [kinds[kind as keyof typeof kinds].list, specs ?? []]),
  );
}
