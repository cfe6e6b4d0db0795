/** Brokers' addresses stay as they are, and connections to them go through proxies: clients need not be told. */
import { type Network, nodeNetwork, nodePlatform, type Platform } from '@millrace/base';
import type { FaultCluster } from './fault-cluster.ts';

/** Ports of proxies by the ports of brokers, all on 127.0.0.1. */
export type Routes = Readonly<Record<number, number>>;

/** The machine, with a network that takes these routes. */
export function proxiedPlatform(routes: Routes): Platform {
  const network: Network = {
    listen: (options, onConnection) => nodeNetwork.listen(options, onConnection),
    connect: (options) => nodeNetwork.connect({ ...options, port: routes[options.port] ?? options.port }),
  };
  return { ...nodePlatform, network };
}

/** The routes through the proxies of a cluster. */
export function routesOf({ proxies }: FaultCluster): Routes {
  return Object.fromEntries([...proxies].map(([port, proxy]) => [port, proxy.port]));
}
