/** Starts a cluster of three brokers with a proxy in front of each. */
import { type KafkaDistribution, startKafkaCluster } from '@millrace/engines';
import { BrokerProcess } from '../support/millrace-process.ts';
import { type FaultCluster, type FaultServer, soonSettings } from './fault-cluster.ts';
import { TcpProxy } from './tcp-proxy.ts';

export async function startKafka(distribution: KafkaDistribution): Promise<FaultCluster> {
  const configuration = { ...soonSettings, 'broker.session.timeout.ms': '4000', 'broker.heartbeat.interval.ms': '500' };
  const cluster = await startKafkaCluster({ distribution, name: 'faults', brokers: 3, configuration });
  const proxies = await startProxies(cluster.bootstrap());
  return {
    engine: 'kafka',
    bootstrap: cluster.bootstrap(),
    brokerIds: cluster.brokers.map(({ nodeId }) => nodeId),
    servers: cluster.brokers.map(({ nodeId }) => ({
      name: `broker ${nodeId}`,
      kill: () => cluster.killBroker(nodeId),
      stop: () => cluster.stopBroker(nodeId),
      start: () => cluster.startBroker(nodeId),
      pause: () => cluster.pauseBroker(nodeId),
      resume: () => cluster.resumeBroker(nodeId),
    })),
    proxies,
    async [Symbol.asyncDispose]() {
      for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
      await cluster.close();
    },
  };
}

/** `millrace broker` with three brokers in its one process, which go down together. */
export async function startEmbedded(): Promise<FaultCluster> {
  let broker = await startOnPortsInARow(3);
  const { bootstrap, dataDirectory } = broker;
  const ports = portsOf(bootstrap);
  const first = broker;
  const server: FaultServer = {
    name: 'the broker',
    kill: () => broker.stop('SIGKILL'),
    stop: () => broker.stop(),
    async start() {
      const port = Math.min(...ports);
      const again = { brokers: ports.length, port, dataDirectory, configuration: soonSettings };
      broker = await BrokerProcess.start(again);
    },
    pause: () => void broker.child.kill('SIGSTOP'),
    resume: () => void broker.child.kill('SIGCONT'),
  };
  const proxies = await startProxies(bootstrap);
  return {
    engine: 'embedded',
    bootstrap,
    brokerIds: ports.map((_, index) => index + 1),
    servers: [server],
    proxies,
    async [Symbol.asyncDispose]() {
      for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
      await broker.stop();
      await first[Symbol.asyncDispose]();
    },
  };
}

/** Ports of its choice would be others after a restart. */
async function startOnPortsInARow(brokers: number): Promise<BrokerProcess> {
  for (let attempt = 1; ; attempt++) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    try {
      return await BrokerProcess.start({ brokers, port, configuration: soonSettings });
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

async function startProxies(bootstrap: string): Promise<Map<number, TcpProxy>> {
  const started = portsOf(bootstrap).map(async (port) => [port, await TcpProxy.start(port)] as const);
  return new Map(await Promise.all(started));
}

function portsOf(bootstrap: string): number[] {
  return bootstrap.split(',').map((address) => Number(address.slice(address.lastIndexOf(':') + 1)));
}
