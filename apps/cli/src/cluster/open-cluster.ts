/** From a command's options to an open client of the cluster that they mean. */
import { resolve } from 'node:path';
import { ClosingStack, isMillraceError, MillraceError, messageOf, nodePlatform } from '@millrace/base';
import type { Admin, Client, ClientOptions } from '@millrace/client';
import type { RunCluster } from '@millrace/engines';
import type { ClientConfiguration } from '@millrace/fleet/client-configuration';
import type { Values } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { clientSettings, readClientConfig, type SettledCluster } from './client-settings.ts';
import type { clusterOptions } from './cluster-options.ts';

const anyCluster = '--bootstrap HOST:PORT';
const CONNECT_MS_MAX = 10_000;

/** Nothing runs where the command looked for it. */
export class NotRunningError extends MillraceError {
  readonly code = 'not_running';
  readonly dataDirectory: string;

  constructor(dataDirectory: string, hint: string) {
    super(`nothing runs from the data directory ${dataDirectory}`, { hint });
    this.dataDirectory = dataDirectory;
  }
}

/** A cluster with an open client. */
export interface OpenCluster extends AsyncDisposable {
  /** Its name in the platform, or the addresses given. */
  readonly name: string;
  readonly client: Client;
  readonly admin: Admin;
  /** Settings of the configuration file that belong to producers and consumers. */
  readonly configuration: ClientConfiguration;
}

type ClusterChoice = Values<typeof clusterOptions>;

/**
 * Opens the one cluster that the options mean; with several to choose from and no choice, the user is asked to name
 * one.
 */
export async function openCluster(options: ClusterChoice, report?: ClientOptions['report']): Promise<OpenCluster> {
  return open(await findAddress(options), report);
}

/**
 * How to reach the one cluster that the options mean, for who makes clients of it; a broker of it answered, unless the
 * cluster may be gone.
 */
export async function findCluster(
  options: ClusterChoice,
  mayBeGone = false,
): Promise<{ readonly name: string; readonly client: ClientOptions }> {
  const { name, bootstrap, configuration } = await findAddress(options);
  if (!mayBeGone) await reach(bootstrap);
  return { name, client: { ...configuration.client, bootstrap } };
}

/**
 * Works on all clusters that the options mean: every one of the platform that runs here, unless one is chosen.
 *
 * Those that can't be reached are left out. When the work on the others is done, it is rejected with
 * `ClustersMissingError`; when there are no others, with why the first can't be reached.
 */
export async function withClusters<T>(
  options: ClusterChoice,
  work: (clusters: readonly OpenCluster[]) => Promise<T>,
): Promise<T> {
  const addresses = await findAddresses(options);
  await using stack = new ClosingStack();
  const clusters: OpenCluster[] = [];
  const missing: Missing[] = [];
  const outcomes = await Promise.allSettled(addresses.map((address) => open(address)));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') clusters.push(stack.use(outcome.value));
    else missing.push({ name: addresses[index]?.name ?? '', error: outcome.reason });
  }
  const [first] = missing;
  if (first !== undefined && (clusters.length === 0 || !isMillraceError(first.error))) throw first.error;
  const result = await work(clusters);
  if (missing.length > 0) throw new ClustersMissingError(missing);
  return result;
}

interface Missing {
  readonly name: string;
  readonly error: unknown;
}

/** Some clusters could not be reached, so that what was told is not all there is. */
class ClustersMissingError extends MillraceError {
  readonly code = 'clusters_missing';
  /** Their names. */
  readonly clusters: readonly string[];

  constructor(missing: readonly Missing[]) {
    const reasons = missing.map(({ name, error }) => `cluster ${name}: ${messageOf(error)}`);
    super(`some clusters are missing: ${reasons.join('; ')}`, { cause: missing[0]?.error });
    this.clusters = missing.map(({ name }) => name);
  }
}

interface Address {
  readonly name: string;
  readonly bootstrap: string;
  readonly configuration: ClientConfiguration;
}

async function findAddress(options: ClusterChoice): Promise<Address> {
  const addresses = await findAddresses(options);
  const [first, ...others] = addresses;
  if (first === undefined || others.length > 0) {
    const flags = addresses.map(({ name }) => `--cluster ${name}`);
    throw new UsageError(`there are several clusters: give ${flags.join(' or ')}`);
  }
  return first;
}

async function findAddresses(options: ClusterChoice): Promise<readonly Address[]> {
  const { clientConfig, cluster, dataDir } = options;
  const properties = await readClientConfig(clientConfig);
  const settingsFor = (each?: SettledCluster): Promise<ClientConfiguration> =>
    clientSettings(properties, clientConfig, each);
  if (options.bootstrap !== undefined && cluster !== undefined) {
    throw new UsageError('--cluster and --bootstrap exclude each other');
  }
  const bootstrap =
    options.bootstrap ?? (cluster === undefined ? properties.get('bootstrap.servers')?.trim() : undefined);
  if (bootstrap !== undefined) {
    const addresses = checkBootstrap(bootstrap);
    return [{ name: addresses, bootstrap: addresses, configuration: await settingsFor() }];
  }
  const { findRunning } = await import('@millrace/engines');
  const running = await findRunning(dataDir);
  if (running === undefined) {
    throw new NotRunningError(
      resolve(dataDir),
      `Start the platform with \`millrace up\`, give its --data-dir, or any cluster with ${anyCluster}.`,
    );
  }
  const addressOf = async (each: RunCluster): Promise<Address> => {
    return { name: each.name, bootstrap: each.bootstrap, configuration: await settingsFor(each) };
  };
  if (cluster === undefined) return Promise.all(running.clusters.map(addressOf));
  const chosen = running.clusters.filter(({ name }) => name === cluster);
  if (chosen.length === 0) {
    const names = running.clusters.map(({ name }) => name).join(', ');
    throw new UsageError(`there is no cluster '${cluster}'; there are: ${names}`);
  }
  return Promise.all(chosen.map(addressOf));
}

async function open(address: Address, report?: ClientOptions['report']): Promise<OpenCluster> {
  const { configuration } = address;
  await reach(address.bootstrap);
  const { createClient } = await import('@millrace/client');
  const client = createClient({
    requestTimeoutMs: 15_000,
    ...configuration.client,
    bootstrap: address.bootstrap,
    clientId: configuration.client.clientId ?? 'millrace-cli',
    report,
  });
  return {
    name: address.name,
    client,
    admin: client.admin(),
    configuration,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/**
 * Connects to any of the addresses once. The client itself tries for long, since brokers come and go; a person who
 * mistyped a port wants to hear of it now.
 */
async function reach(bootstrap: string): Promise<void> {
  const attempts = bootstrap.split(',').map(async (address) => {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
    const port = Number(address.slice(colon + 1));
    const socket = await nodePlatform.network.connect({ host, port, timeoutMs: CONNECT_MS_MAX });
    socket.handle({ data: () => undefined, drained: () => undefined, closed: () => undefined });
    socket.destroy();
  });
  try {
    await Promise.any(attempts);
  } catch (error) {
    throw (error as AggregateError).errors[0];
  }
}

/** Refuses at once what could never be an address, before anything connects. */
function checkBootstrap(given: string): string {
  const addresses = given.split(',').map((address) => address.trim());
  for (const address of addresses) {
    const port = Number(/:(\d{1,5})$/.exec(address)?.[1] ?? Number.NaN);
    const host = address.slice(0, address.lastIndexOf(':'));
    if (host === '' || /[\s/]/.test(host) || !(port >= 1 && port <= 65_535)) {
      throw new UsageError(`--bootstrap: '${address}' is not HOST:PORT`);
    }
  }
  return addresses.join(',');
}
