/**
 * What `up` runs beside the clusters: the control plane's and the collectors' HTTP servers, and the pipelines. This
 * is the one place where they are put together; each is made by its own package.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ClosingStack, nodePlatform } from '@millrace/base';
import { type Client, createClient } from '@millrace/client';
import { type DataDirectory, openEmbeddedTwins, type RunningFleet } from '@millrace/engines';
import { type ControlPlane, declareRunning, openControlPlane } from '@millrace/fleet/control-plane';
import type { Database } from '@millrace/fleet/database';
import { type ClientReports, type LogsOptions, type MetricsFile, OwnLog } from '@millrace/pipelines';
import { openRegistry, type Registry, registryRoutes, schemaValues } from '@millrace/registry';
import {
  type Authentication,
  EventHub,
  type HttpServer,
  type ServerOptions,
  startServer,
  statusPage,
  watchClusters,
} from '@millrace/server';
import type { PlatformAccess } from './control/platform-access.ts';
import { schemaRegistrar } from './control/schema-registrar.ts';
import { declareSchemaMirrors, schemaReplicas } from './control/schema-replicas.ts';
import { subjectOwners } from './control/subject-owners.ts';
import { startLogsOn } from './logs/platform-logs.ts';
import { startPlatformMetrics } from './metrics/platform-metrics.ts';
import { startTrackingOn } from './tracking/platform-tracking.ts';

export interface PlatformOptions {
  readonly fleet: RunningFleet;
  readonly dataDirectory: DataDirectory;
  /** The system of record; without one there is no control plane. */
  readonly database: Database | undefined;
  readonly access: PlatformAccess;
  readonly host: string;
  /** That of brokers which are started here. */
  readonly brokerHost: string;
  /** The control plane's; collectors, schema registry and its replicas have the next ones. 0: free ones. */
  readonly port: number;
  /** Whether the built-in demonstration runs. */
  readonly demo: boolean;
  /** How long operations that have ended are kept. */
  readonly operationDays: number;
  /** Rules, aggregation and targets of metrics. */
  readonly metricsFile?: MetricsFile | undefined;
  /** What clients of the clusters tell of themselves, where those pass it on. */
  readonly clientReports?: ClientReports | undefined;
  readonly version: string;
  /** Pages of which origins may send events; all when absent. */
  readonly trackingOrigins?: readonly string[] | undefined;
  readonly logs: Pick<LogsOptions, 'masker' | 'retentionMs' | 'bytesMax'>;
  /** Told what went wrong in the background, as a sentence. */
  readonly warn: (message: string) => void;
  /** Told of alerts, likewise. */
  readonly alert: (message: string) => void;
}

export interface RunningPlatform extends AsyncDisposable {
  readonly url: string;
  readonly collectorUrl: string;
  readonly registryUrl: string;
  /** Registries of other clusters, which hold the schemas too. */
  readonly registryReplicas: readonly RegistryReplica[];
  close(): Promise<void>;
}

export interface RegistryReplica {
  readonly cluster: string;
  readonly url: string;
}

interface PlatformClient {
  readonly name: string;
  readonly client: Client;
  readonly isReachable: boolean;
}

/**
 * Starts it all, or nothing. Tracking and schemas live on the first cluster. When it closes, the servers go first: what
 * they accepted is stored before the clients go.
 */
export async function startPlatform(given: PlatformOptions): Promise<RunningPlatform> {
  const ownLog = new OwnLog('millrace');
  const warn = ownLog.warning(given.warn);
  const options: PlatformOptions = { ...given, warn };
  const { access, fleet, port, version } = options;
  await using parts = new ClosingStack();
  const clusters = platformClients(fleet, parts);
  const [home] = clusters;
  if (home === undefined) throw new Error('a platform needs a cluster');
  const registry = parts.use(openRegistry({ home: home.client, warn }));
  const fleetControl = parts.use(await openControl(options, registry));
  const hub = new EventHub(fleetControl.plane?.feed);
  const authentication = await access.authentication(fleetControl.plane);
  const { tracking, collector, script } = await startTrackingOn({ ...options, home, hub, registry }, parts);
  const { metrics, queryRoutes } = parts.use(
    startPlatformMetrics({
      ...{ clusters, directory: join(options.dataDirectory.path, 'metrics'), version, warn },
      ...{ file: options.metricsFile, clientReports: options.clientReports },
      tell: options.alert,
      onAlerts: (firing) => hub.set('metrics.alerts', firing),
    }),
  );
  const logSettings = { settings: options.logs, tell: options.alert };
  const logs = parts.use(await startLogsOn({ ...options, ...logSettings, client: home.client, hub }));
  ownLog.write('info', `millrace ${version} starts, with ${clusters.map(({ name }) => name).join(', ')}`);
  ownLog.attach(logs.intake);
  const collectors = parts.use(
    await startHttp(options, port === 0 ? 0 : port + 1, {
      // Off loopback programs that send show a token; what pages send to `/t` needs none anywhere.
      authentication,
      routes: [...collector.routes, ...metrics.routes, ...logs.collectorRoutes],
      assets: [script],
    }),
  );
  const { plane } = fleetControl;
  const schemas = parts.use(
    await startHttp(options, port === 0 ? 0 : port + 2, servedSchemas(registry, authentication, plane)),
  );
  const replicated = await replicatedClusters(options, plane, clusters);
  const registryReplicas: RegistryReplica[] = [];
  for (const [place, cluster] of replicated.entries()) {
    const replica = { home: home.client, cluster, place, authentication, plane };
    registryReplicas.push(await startReplicaOf(options, replica, parts));
  }
  parts.use(watchClusters({ clusters, onChange: (seen) => hub.set('platform', { version, clusters: seen }) }));
  const control = parts.use(
    await startHttp(options, port, {
      authentication,
      routes: [hub.route, ...tracking.routes, ...logs.routes, ...queryRoutes, ...(fleetControl.plane?.routes ?? [])],
      assets: statusPage({ collectorPort: collectors.port, tracked: options.demo }),
      readiness: [
        { name: 'tracking', check: () => tracking.checkComplete() },
        { name: 'logs', check: async () => logs.checkComplete() },
        { name: 'record', check: async () => void (await fleetControl.plane?.record.read()) },
      ],
    }),
  );
  const { url } = control;
  return { url, collectorUrl: collectors.url, registryUrl: schemas.url, registryReplicas, ...closed(parts.move()) };
}

function platformClients(fleet: RunningFleet, parts: ClosingStack): PlatformClient[] {
  return fleet.clusters.map(({ name, client, problem }) => ({
    name,
    // Topics of pipelines are made as they must be, or not at all.
    client: parts.use(createClient({ clientId: 'millrace-up', ...client, autoCreateTopics: false })),
    isReachable: problem === undefined,
  }));
}

function closed(parts: ClosingStack): Pick<RunningPlatform, 'close' | typeof Symbol.asyncDispose> {
  const close = (): Promise<void> => parts.close();
  return { close, [Symbol.asyncDispose]: close };
}

interface ReplicaParts {
  readonly home: Client;
  readonly cluster: PlatformClient;
  /** Counted from 0: it has the port behind the one before. */
  readonly place: number;
  readonly authentication: Authentication;
  readonly plane: ControlPlane | undefined;
}

/** A registry over the schemas that mirrors take to a cluster. */
async function startReplicaOf(
  options: PlatformOptions,
  { home, cluster, place, authentication, plane }: ReplicaParts,
  parts: ClosingStack,
): Promise<RegistryReplica> {
  const warn = (message: string): void => options.warn(`registry of ${cluster.name}: ${message}`);
  const replica = parts.use(openRegistry({ home, replica: cluster.client, warn }));
  const at = options.port === 0 ? 0 : options.port + 3 + place;
  const { url } = parts.use(await startHttp(options, at, servedSchemas(replica, authentication, plane)));
  return { cluster: cluster.name, url };
}

function servedSchemas(
  registry: Registry,
  authentication: Authentication,
  plane: ControlPlane | undefined,
): Pick<ServerOptions, 'routes' | 'readiness' | 'authentication'> {
  const rules = plane && { requireRegister: subjectOwners(plane.record) };
  const readiness = [{ name: 'schemas', check: async () => void (await registry.state()) }];
  return { authentication, routes: registryRoutes(registry, rules), readiness };
}

/** The clusters to which mirrors take the first one's schemas. Those that run here get one. */
async function replicatedClusters(
  { fleet }: PlatformOptions,
  plane: ControlPlane | undefined,
  clusters: readonly PlatformClient[],
): Promise<PlatformClient[]> {
  const [home] = clusters;
  if (plane === undefined || home === undefined) return [];
  const here = fleet.clusters.filter(({ settings }) => settings === undefined).map(({ name }) => name);
  await declareSchemaMirrors(plane.record, home.name, here);
  const names = schemaReplicas(plane.record.current(), home.name);
  return names.flatMap((name) => clusters.find((cluster) => cluster.name === name) ?? []);
}

interface FleetControl extends AsyncDisposable {
  readonly plane: ControlPlane | undefined;
}

/** The control plane, in whose record the clusters that run here are declared. */
async function openControl(options: PlatformOptions, registry: Registry): Promise<FleetControl> {
  const { access, database, fleet, dataDirectory, warn, brokerHost } = options;
  await using parts = new ClosingStack();
  if (database === undefined) return { plane: undefined, [Symbol.asyncDispose]: () => parts.close() };
  // Those that run elsewhere are reached as they are declared, whoever changes that.
  const here = fleet.clusters.filter(({ settings }) => settings === undefined);
  const twins = parts.use(await openEmbeddedTwins({ dataDirectory, host: brokerHost, report: warn }));
  const plane = parts.use(
    await openControlPlane({
      ...{ database, platform: nodePlatform, report: warn, twins },
      schemas: schemaValues(registry),
      name: `${hostname()}, process ${process.pid}`,
      environment: process.env,
      access: access.settings,
      retention: { operationDays: options.operationDays },
      ownClusters: new Map(here.map((cluster) => [cluster.name, cluster.client])),
      keyDirectory: join(dataDirectory.path, 'keys'),
      registrar: schemaRegistrar(registry),
    }),
  );
  await declareRunning(plane.record, fleet.clusters);
  const open = parts.move();
  return { plane, [Symbol.asyncDispose]: () => open.close() };
}

function startHttp(
  { access, host, version, warn }: PlatformOptions,
  port: number,
  parts: Pick<ServerOptions, 'routes' | 'assets' | 'readiness' | 'authentication'>,
): Promise<HttpServer> {
  return startServer({
    ...parts,
    host,
    hosts: access.hosts,
    trustedProxies: access.settings.trustedProxies,
    port,
    version,
    onFailure: ({ method, path, error }) => warn(`${method} ${path}: ${error instanceof Error ? error.stack : error}`),
  });
}
