/**
 * What an answer says, worked out of what is known at one moment. Pure: the same parts give the same text, whichever
 * process works it out. How one logs in follows from the credential, unless a rule says it.
 */

import type { ConfigContent, ConfigCredential, ConfigProblem } from '@millrace/api/config';
import type { Application, ClientSetting, Role } from '@millrace/api/declared';
import { chooseCluster, type Places } from './home-cluster.ts';
import type { SettingLayers } from './layered-settings.ts';
import { rulesFor } from './setting-rules.ts';

export interface Question {
  readonly topic: string;
  readonly role: Role;
  /** Where the instance runs. */
  readonly site?: string | undefined;
}

/** How applications reach a cluster; nothing in it is secret. */
export interface ClusterWay {
  readonly settings: Readonly<Record<string, string>>;
  /** HOST:PORT of brokers that were seen. */
  readonly brokers: readonly string[];
  readonly clusterId: string | null;
  /** Why it can't be told now. */
  readonly problem?: string | undefined;
  /** Whether that is over in a moment. */
  readonly isPending?: boolean | undefined;
}

/** A credential whose secret is kept for the instances of its application. */
export interface KeptCredential {
  readonly id: string;
  readonly kind: 'scram' | 'certificate';
  readonly principal: string;
  readonly clusters: readonly string[];
  readonly expiresAt: Date | null;
  /** The secret, sealed under the key of the control plane. */
  readonly kept: string;
}

export interface KnownParts extends Places {
  readonly rules: readonly ClientSetting[];
  readonly layers: SettingLayers;
  /** The same object for as long as it says the same. */
  way(cluster: string): ClusterWay;
}

/** An answer without its signature, or why there is none. */
export type Told = ToldAnswer | Untold;

export interface Untold {
  readonly problem: ConfigProblem;
  /** Whether it is over in a moment. */
  readonly isPending?: boolean | undefined;
}

export interface ToldAnswer {
  readonly content: ConfigContent;
  /** Whose secret goes with it, sealed. */
  readonly credential?: KeptCredential | undefined;
  /** Why it is of no use to an instance that is to be given what it logs in with. */
  readonly noLogin?: ConfigProblem | undefined;
}

const bootstrapMax = 6;

export function answerContent(
  application: Application,
  question: Question,
  parts: KnownParts,
  /** Of the application, oldest first. */
  credentials: readonly KeptCredential[],
): Told {
  const { topic, role, site } = question;
  const chosen = chooseCluster(application, { topic, role, site }, parts);
  if (typeof chosen === 'string') return { problem: noCluster(chosen, application, question) };
  const { cluster } = chosen;
  const way = parts.way(cluster.name);
  if (way.problem !== undefined) {
    const problem = { code: 'not_ready', detail: `cluster ${cluster.name}: ${way.problem}` } as const;
    return { problem, isPending: way.isPending };
  }
  const { name: asker, team } = application;
  const { environment } = cluster;
  const facts = { application: asker, team, topic, role, cluster: cluster.name, environment, site };
  const layered = parts.layers.of(role, cluster.name, way, rulesFor(parts.rules, facts));
  const credential = fitting(credentials, cluster.name, layered.protocol);
  const { name, generation, rule, groups } = { ...chosen, name: cluster.name };
  const content: ConfigContent = {
    format: 1,
    application: asker,
    topic,
    role,
    cluster: { name, id: way.clusterId, generation, rule },
    bootstrap: bootstrapOf(cluster.bootstrap, way.brokers),
    settings: credential?.kind === 'scram' ? layered.withPassword : layered.settings,
    ...(credential !== undefined && { credential: shown(credential) }),
    ...(role === 'consumer' && groups !== undefined && { groups: { ...groups } }),
  };
  if (credential !== undefined) return { content, credential };
  return layered.protocol.startsWith('SASL') ? { content, noLogin: noLogin(asker, name) } : { content };
}

function noLogin(application: string, cluster: string): ConfigProblem {
  const detail =
    `no login of application ${application} for cluster ${cluster} is kept: \`millrace application issue ` +
    `${application}\` makes one; of one that was issued before the application was enrolled nobody knows the secret ` +
    `here, and \`millrace application rotate ${application}\` makes another`;
  return { code: 'not_ready', detail };
}

/** The newest of the kind that the connection asks for. */
function fitting(
  credentials: readonly KeptCredential[],
  cluster: string,
  protocol: string,
): KeptCredential | undefined {
  if (protocol === 'PLAINTEXT') return undefined;
  const kind = protocol.startsWith('SASL') ? 'scram' : 'certificate';
  return credentials.findLast((each) => each.kind === kind && each.clusters.includes(cluster));
}

function shown({ id, principal, expiresAt }: KeptCredential): ConfigCredential {
  return { id, principal, ...(expiresAt !== null && { expiresAt: expiresAt.getTime() }) };
}

function bootstrapOf(declared: string, brokers: readonly string[]): string {
  const first = declared.split(',').map((address) => address.trim());
  return [...new Set([...first, ...brokers])].slice(0, Math.max(bootstrapMax, first.length)).join(',');
}

function noCluster(code: 'no_use' | 'no_cluster', { name }: Application, { topic, role }: Question): ConfigProblem {
  const detail = {
    no_use: `application ${name} does not declare that it is a ${role} of topic ${topic}: declare that, or request it`,
    no_cluster: `no cluster that application ${name} finds topic ${topic} on is declared any more: declare one`,
  };
  return { code, detail: detail[code] };
}
