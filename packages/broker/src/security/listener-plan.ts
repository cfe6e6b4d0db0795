/**
 * The listeners of brokers as configuration and options ask for them: `listeners`, `advertised.listeners` and
 * `listener.security.protocol.map` by Kafka's names. A cluster has several brokers in one process, so the ports that
 * the configuration names are those of the first broker, the others having those after them; 0 is a free one.
 */
import type { ClusterConfiguration } from '../configuration/cluster-configuration.ts';
import { ConfigurationError, listOf } from '../configuration/definition.ts';

export const securityProtocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
export type SecurityProtocol = (typeof securityProtocols)[number];

/** One listener of one broker. */
export interface ListenerPlan {
  /** Upper case; clients are told the addresses of listeners of the name that they came through. */
  readonly name: string;
  readonly protocol: SecurityProtocol;
  readonly host: string;
  readonly port: number;
  /** What clients are told instead of host and port; a port of 0 stands for the one that is listened on. */
  readonly advertised?: { readonly host: string; readonly port: number } | undefined;
}

/** A listener as an option of a broker. */
export interface ListenerOptions {
  /** Default the protocol. */
  readonly name?: string | undefined;
  readonly protocol: SecurityProtocol;
  /** Default that of the cluster. */
  readonly host?: string | undefined;
  /** 0 is a free one. */
  readonly port: number;
}

export interface PlannedBroker {
  /** The only listener's port, where neither options nor configuration name listeners. */
  readonly port: number;
  readonly listeners?: readonly ListenerOptions[] | undefined;
}

/**
 * The listeners of each broker, in the order of `brokers`; all brokers have listeners of the same names. Throws
 * `ConfigurationError`.
 */
export function planListeners(
  configuration: ClusterConfiguration,
  host: string,
  brokers: readonly PlannedBroker[],
): ListenerPlan[][] {
  const protocols = protocolMap(configuration);
  const configured = parsedListeners('listeners', configuration.text('listeners'));
  const advertised = new Map(
    parsedListeners('advertised.listeners', configuration.text('advertised.listeners')).map((each) => [
      each.name,
      each,
    ]),
  );
  const plans = brokers.map((broker, index): ListenerPlan[] => {
    if (broker.listeners !== undefined) return broker.listeners.map((options) => ofOptions(options, host));
    if (configured.length === 0) {
      return [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host, port: broker.port, advertised: shown('PLAINTEXT', 0) }];
    }
    return configured.map((each) => {
      const protocol = protocols.get(each.name);
      if (protocol === undefined) {
        const what = `listener ${each.name} has no security protocol; name one in listener.security.protocol.map`;
        throw new ConfigurationError('listeners', what);
      }
      return {
        name: each.name,
        protocol,
        host: each.host || host,
        port: portOf(each.port, index),
        advertised: shown(each.name, index),
      };
    });
  });
  checkNames(plans);
  for (const plan of plans.flat()) checkAdvertised(plan);
  return plans;

  function shown(name: string, index: number): ListenerPlan['advertised'] {
    const found = advertised.get(name);
    return found && { host: found.host, port: portOf(found.port, index) };
  }
}

/** Whether nobody but this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export function isTls(protocol: SecurityProtocol): boolean {
  return protocol === 'SSL' || protocol === 'SASL_SSL';
}

export function isSasl(protocol: SecurityProtocol): boolean {
  return protocol === 'SASL_PLAINTEXT' || protocol === 'SASL_SSL';
}

function ofOptions({ name, protocol, host, port }: ListenerOptions, hostDefault: string): ListenerPlan {
  return { name: (name ?? protocol).toUpperCase(), protocol, host: host ?? hostDefault, port };
}

function portOf(port: number, index: number): number {
  return port === 0 ? 0 : port + index;
}

/** What stands for all addresses of a machine is none that a client could connect to. */
function checkAdvertised({ name, host, advertised }: ListenerPlan): void {
  const shown = advertised?.host || host;
  if (shown !== '0.0.0.0' && shown !== '::') return;
  const what = `clients of listener ${name} can't connect to ${shown}`;
  throw new ConfigurationError('advertised.listeners', `${what}; set advertised.listeners to ${name}://HOST:PORT`);
}

function checkNames(plans: readonly (readonly ListenerPlan[])[]): void {
  const names = plans.map((plan) => plan.map(({ name }) => name));
  for (const each of names) {
    const twice = each.find((name, at) => each.indexOf(name) !== at);
    if (twice !== undefined) throw new ConfigurationError('listeners', `two listeners have the name ${twice}`);
    if (each.length === 0) throw new ConfigurationError('listeners', 'a broker has no listener');
    if (each.some((name) => !names[0]?.includes(name)) || each.length !== names[0]?.length) {
      throw new ConfigurationError('listeners', 'all brokers of a cluster have listeners of the same names');
    }
  }
}

function protocolMap(configuration: ClusterConfiguration): Map<string, SecurityProtocol> {
  const option = 'listener.security.protocol.map';
  const map = new Map<string, SecurityProtocol>();
  for (const pair of listOf(configuration.text(option))) {
    const [name = '', protocol = ''] = pair.split(':');
    const known = securityProtocols.find((each) => each === protocol.toUpperCase());
    if (name === '' || known === undefined) {
      throw new ConfigurationError(option, `${pair} is not NAME:PROTOCOL with one of ${securityProtocols.join(', ')}`);
    }
    map.set(name.toUpperCase(), known);
  }
  return map;
}

function parsedListeners(option: string, text: string): { name: string; host: string; port: number }[] {
  return listOf(text).map((each) => {
    const parts = /^([A-Za-z0-9_-]+):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([^:/[\]]*)):(\d{1,5})$/.exec(each);
    const port = Number(parts?.[4]);
    if (parts === null || port > 65_535) {
      const example = 'write NAME://HOST:PORT, such as SASL_SSL://127.0.0.1:9093';
      throw new ConfigurationError(option, `${each} is no listener; ${example}`);
    }
    return { name: parts[1]?.toUpperCase() ?? '', host: parts[2] ?? parts[3] ?? '', port };
  });
}
