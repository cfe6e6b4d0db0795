/** The two clusters of a mirror, and its name, as a command's options give them. */
import type { ClientOptions } from '@millrace/client';
import { dataDirectoryOption } from '../cluster/cluster-options.ts';
import { findCluster } from '../cluster/open-cluster.ts';
import { clientEvents } from '../event-lines.ts';
import { flag, text, type Values, withDefault } from '../framework/option.ts';
import type { Terminal } from '../framework/terminal.ts';
import { UsageError } from '../framework/usage-error.ts';

export const mirrorOptions = {
  source: text({ placeholder: 'HOST:PORT', help: 'The cluster to copy from; or the name of one that runs here' }),
  target: text({ placeholder: 'HOST:PORT', help: 'The cluster to copy to; likewise' }),
  name: text({
    placeholder: 'NAME',
    help: "What the mirror is called on the target (default: the source's cluster id)",
  }),
  prefix: withDefault(
    text({ placeholder: 'TEXT', help: 'Put before the names of the topics on the target' }),
    '',
    'none',
  ),
  sourceConfig: text({ placeholder: 'FILE', help: "Client settings of the source in Java's .properties format" }),
  targetConfig: text({ placeholder: 'FILE', help: 'Likewise of the target' }),
  ...dataDirectoryOption,
} as const;

/** Of those that copy, or compare what was copied. */
export const localOption = {
  localOnly: flag({ help: 'Only what was written on the source itself, and not what mirrors brought there' }),
} as const;

export interface MirrorSide {
  /** Its name, or the addresses given. */
  readonly name: string;
  readonly client: ClientOptions;
}

export interface MirrorSides {
  readonly source: MirrorSide;
  readonly target: MirrorSide;
  /** Of the mirror. */
  readonly name: string;
  readonly rename: (topic: string) => string;
}

/** `mayBeGone`: sides that need not answer. @throws UsageError, and what `findCluster` throws */
export async function findSides(
  options: Values<typeof mirrorOptions>,
  terminal: Terminal,
  mayBeGone: { readonly source: boolean } = { source: false },
): Promise<MirrorSides> {
  const { source, target, sourceConfig, targetConfig, dataDir, name, prefix } = options;
  if (source === undefined || target === undefined) {
    throw new UsageError('a mirror needs --source and --target', { hint: 'See --help.' });
  }
  if (mayBeGone.source && name === undefined) {
    throw new UsageError('without its source a mirror is known by its --name alone', {
      hint: 'millrace mirror list --target tells the names.',
    });
  }
  const from = await findSide(source, sourceConfig, dataDir, terminal, mayBeGone.source);
  const to = await findSide(target, targetConfig, dataDir, terminal);
  return {
    source: from,
    target: to,
    name: name ?? (await clusterIdOf(from.client)),
    rename: (topic) => `${prefix}${topic}`,
  };
}

/** A cluster by its address, or by its name among those that run here. */
export async function findSide(
  given: string,
  clientConfig: string | undefined,
  dataDir: string,
  terminal: Terminal,
  mayBeGone = false,
): Promise<MirrorSide> {
  const isAddress = given.includes(':');
  const choice = isAddress ? { bootstrap: given, cluster: undefined } : { bootstrap: undefined, cluster: given };
  const { name, client } = await findCluster({ ...choice, clientConfig, dataDir }, mayBeGone);
  return { name, client: { clientId: 'millrace-mirror', ...client, report: clientEvents(terminal) } };
}

async function clusterIdOf(options: ClientOptions): Promise<string> {
  const { createClient } = await import('@millrace/client');
  await using client = createClient(options);
  const { clusterId } = await client.admin().describeCluster();
  if (clusterId === null) throw new UsageError('the source tells no cluster id: give the mirror a --name');
  return clusterId;
}
