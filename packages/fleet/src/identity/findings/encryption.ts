/**
 * What still speaks in plaintext. Kafka's protocol tells which listeners brokers have, and not which of them a client
 * uses, nor who that is; so where a cluster has both kinds, only a source of its own tells (a client's report, an
 * authorizer's log), and without one it is unknown. Pure.
 */
import type { Encryption, EncryptionView } from '@millrace/api/fleet';
import { aclText } from '../wanted-acls.ts';
import type { FindingDraft, FindingsInput, SeenBroker, SeenCluster } from './finding.ts';
import { usesOf } from './use-findings.ts';

type Listener = EncryptionView['listeners'][number];

/** Kafka's own defaults. */
const listenersDefault = 'PLAINTEXT://:9092';
const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

/** The listeners for clients, of all brokers; undefined while no broker has told its configuration. */
export function listenersOf(brokers: readonly SeenBroker[]): Listener[] | undefined {
  const told = brokers.filter(({ configs }) => configs !== undefined);
  if (told.length === 0) return undefined;
  const found = new Map<
    string,
    {
      readonly name: string;
      readonly protocol: string;
      readonly brokers: number[];
      readonly configs: Readonly<Record<string, string>>;
    }
  >();
  for (const { nodeId, configs = {} } of told) {
    const controllers = list(configs['controller.listener.names']).map((name) => name.toUpperCase());
    const map = new Map(
      list(configs['listener.security.protocol.map']).map(
        (entry) => entry.toUpperCase().split(':') as [string, string],
      ),
    );
    for (const address of list(configs['listeners'] ?? listenersDefault)) {
      const name = (address.split('://')[0] ?? '').toUpperCase();
      if (controllers.includes(name)) continue;
      const protocol = map.get(name) ?? (protocols.includes(name) ? name : 'unknown');
      const key = `${name} ${protocol}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { name, protocol, brokers: [nodeId], configs });
      else known.brokers.push(nodeId);
    }
  }
  return [...found.values()].map(({ name, protocol, brokers: ids, configs }) => ({
    name,
    protocol,
    brokers: ids,
    encrypted: protocol === 'SSL' || protocol === 'SASL_SSL',
    authenticated: authenticates(name, protocol, configs),
  }));
}

export function encryptionViews({ fleet, clusters, seen: all }: FindingsInput): EncryptionView[] {
  const observed = Map.groupBy(all.uses, ({ cluster }) => cluster);
  return clusters.map((cluster) => {
    const listeners = listenersOf(cluster.brokers);
    const users = fleet
      .list('application')
      .filter(({ spec }) => (spec.uses ?? []).some((use) => use.cluster === cluster.name));
    return {
      cluster: cluster.name,
      observedAt: cluster.observedAt?.toISOString() ?? null,
      stale: cluster.stale,
      listeners: listeners ?? [],
      applications: users.map(({ spec }) => {
        const uses = (spec.uses ?? []).filter((use) => use.cluster === cluster.name);
        const seen = uses.flatMap((use) => usesOf(spec, use, observed.get(cluster.name) ?? []));
        return {
          name: spec.name,
          ...judge(
            listeners,
            seen.flatMap(({ encrypted }) => encrypted ?? []),
          ),
        };
      }),
      problem:
        listeners === undefined ? 'no broker has told its listeners: it needs describe-configs on the cluster' : null,
    };
  });
}

export function encryptionFindings(input: FindingsInput): FindingDraft[] {
  return input.clusters.flatMap((cluster) => {
    const listeners = listenersOf(cluster.brokers) ?? [];
    const plain = listeners.filter(({ encrypted }) => !encrypted);
    return [...plain.map((listener) => plaintext(cluster, listener)), ...anonymous(cluster, listeners)];
  });
}

function judge(
  listeners: readonly Listener[] | undefined,
  seen: readonly boolean[],
): { encryption: Encryption; because: string } {
  if (listeners === undefined) return { encryption: 'unknown', because: 'the listeners of the cluster are not known' };
  if (listeners.every(({ encrypted }) => encrypted)) {
    return { encryption: 'encrypted', because: 'the cluster has no other listeners' };
  }
  if (listeners.every(({ encrypted }) => !encrypted)) {
    return { encryption: 'plaintext', because: 'the cluster has no other listeners' };
  }
  if (seen.length === 0) {
    const because = 'the cluster has listeners of both kinds, and Kafka does not tell which of them a client uses';
    return { encryption: 'unknown', because };
  }
  const because = 'as clients report and authorizers log';
  if (seen.every((encrypted) => encrypted)) return { encryption: 'encrypted', because };
  return { encryption: seen.some((encrypted) => encrypted) ? 'mixed' : 'plaintext', because };
}

function plaintext({ name }: SeenCluster, listener: Listener): FindingDraft {
  const { name: listenerName, protocol, brokers } = listener;
  const what = protocol === 'SASL_PLAINTEXT' ? 'logins and records' : 'records';
  const where = `${listenerName} (${protocol}), brokers ${brokers.join(', ')}`;
  return {
    key: `${name} ${listenerName}`,
    kind: 'plaintext_listener',
    severity: protocol === 'PLAINTEXT' ? 'high' : 'medium',
    cluster: name,
    application: null,
    principal: null,
    text: `${name} takes ${what} unencrypted at the listener ${where}`,
    advice: 'move its clients to an encrypted listener, then take this one away',
  };
}

/** What whoever does not log in may do: anonymous clients come over listeners that ask for nothing. */
function anonymous({ name, acls = [], brokers }: SeenCluster, listeners: readonly Listener[]): FindingDraft[] {
  const isOpen = listeners.some(({ authenticated }) => authenticated !== true);
  const draft = (key: string, text: string, advice: string): FindingDraft => ({
    key: `${name} ${key}`,
    kind: 'anonymous_access',
    severity: 'high',
    cluster: name,
    application: null,
    principal: 'User:ANONYMOUS',
    text,
    advice,
  });
  const granted = acls
    .filter(
      ({ permission, principal }) =>
        permission === 'allow' && (principal === 'User:ANONYMOUS' || (isOpen && principal === 'User:*')),
    )
    .map((acl) =>
      draft(JSON.stringify(acl), `on ${name} ${aclText(acl)}, whoever does not log in included`, 'delete it'),
    );
  const configs = brokers.map((broker) => broker.configs ?? {});
  const isSuper = configs.some((each) => (each['super.users'] ?? '').split(';').includes('User:ANONYMOUS'));
  const isOpenToAll = configs.some((each) => each['allow.everyone.if.no.acl.found'] === 'true');
  return [
    ...granted,
    ...(isSuper
      ? [
          draft(
            'super.users',
            `on ${name} whoever does not log in may do everything: User:ANONYMOUS is a super user`,
            'take User:ANONYMOUS out of super.users',
          ),
        ]
      : []),
    ...(isOpenToAll
      ? [
          draft(
            'everyone',
            `on ${name} everybody may do everything to what has no ACL`,
            'set allow.everyone.if.no.acl.found to false',
          ),
        ]
      : []),
  ];
}

function authenticates(name: string, protocol: string, configs: Readonly<Record<string, string>>): boolean | null {
  if (protocol.startsWith('SASL_')) return true;
  if (protocol === 'PLAINTEXT') return false;
  const own = configs[`listener.name.${name.toLowerCase()}.ssl.client.auth`] ?? configs['ssl.client.auth'] ?? 'none';
  if (own === 'required') return true;
  return own === 'none' ? false : null;
}

function list(text: string | undefined): string[] {
  return (text ?? '').split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
}
