/** Kafka Connect as people see it: what is declared beside what is there, and no secret. */
import { ProblemError } from '@millrace/api';
import type { ConnectorView, ConnectView } from '@millrace/api/fleet';
import { isMillraceError, messageOf } from '@millrace/base';
import type { ObservedConnector } from './connect-client.ts';
import {
  type ConnectParts,
  connectClient,
  connectIds,
  type DeclaredConnector,
  declaredConnect,
  declaredConnectors,
} from './connect-clusters.ts';
import { shownConfig } from './hidden-values.ts';

/** All clusters, asked at the same time: one that does not answer delays the others by its own bound at most. */
export function connectViews(parts: ConnectParts, signal: AbortSignal): Promise<ConnectView[]> {
  return Promise.all(connectIds(parts).map((name) => connectView(parts, name, signal)));
}

/** @throws ProblemError `not_found`, `unavailable` */
export async function connectorView(
  parts: ConnectParts,
  connect: string,
  name: string,
  signal: AbortSignal,
): Promise<ConnectorView> {
  const { connectors, problem } = await connectView(parts, connect, signal);
  const found = connectors.find((connector) => connector.name === name);
  if (problem !== undefined) throw new ProblemError('unavailable', problem);
  if (found === undefined) throw new ProblemError('not_found', `there is no connector ${name} on ${connect}`);
  return found;
}

async function connectView(parts: ConnectParts, name: string, signal: AbortSignal): Promise<ConnectView> {
  const { cluster, url } = declaredConnect(parts, name);
  const declared = declaredConnectors(parts).filter(({ connect }) => connect === name);
  const seen = { name, cluster, url, observedAt: new Date(parts.platform.clock.now()).toISOString() };
  try {
    const client = await connectClient(parts, name);
    const [version, observed] = await Promise.all([client.version(signal), client.list(signal)]);
    const names = [...new Set([...observed, ...declared].map((connector) => connector.name))].sort();
    const connectors = names.map((each) =>
      viewOf(
        name,
        observed.find((connector) => connector.name === each),
        declared.find((connector) => connector.name === each),
      ),
    );
    return { ...seen, version, connectors };
  } catch (error) {
    signal.throwIfAborted();
    if (!isMillraceError(error)) throw error;
    return { ...seen, problem: messageOf(error), connectors: [] };
  }
}

function viewOf(
  connect: string,
  observed: ObservedConnector | undefined,
  declared: DeclaredConnector | undefined,
): ConnectorView {
  const config = observed?.config ?? declared?.config ?? {};
  return {
    connect,
    name: observed?.name ?? declared?.name ?? '',
    type: observed?.type ?? '',
    class: config['connector.class'] ?? '',
    ...(declared?.owner !== undefined && { owner: declared.owner }),
    declared: declared !== undefined,
    present: observed !== undefined,
    state: observed?.state ?? '',
    ...(declared !== undefined && { wanted: declared.state }),
    worker: observed?.worker ?? '',
    ...(observed?.failure !== undefined && { failure: observed.failure }),
    tasks: observed?.tasks.map((task) => ({ ...task })) ?? [],
    config: shownConfig(config, declared?.config),
  };
}
