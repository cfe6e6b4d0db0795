/**
 * What an answer says, worked out of what is known at one moment. Pure: the same parts give the same text, whichever
 * process works it out.
 *
 * Settings come from the standard of the role, then from how the cluster is reached, then from the rules that hold; how
 * one logs in follows from the credential, unless a rule says it. What the connection makes no use of is left out.
 */

import type { ConfigContent, ConfigCredential, ConfigProblem, ConfigSetting } from '@millrace/api/config';
import type { Application, ClientSetting, Role } from '@millrace/api/declared';
import { securityKeys } from '@millrace/client/java-configuration';
import { type ChosenCluster, chooseCluster, type Places } from './home-cluster.ts';
import { rulesFor } from './setting-rules.ts';
import { isOfRole, standardSettings } from './standard-settings.ts';

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
  way(cluster: string): ClusterWay;
}

/** An answer without its signature, or why there is none. */
export type Told = ToldAnswer | { readonly problem: ConfigProblem };

export interface ToldAnswer {
  readonly content: ConfigContent;
  /** Whose secret goes with it, sealed. */
  readonly credential?: KeptCredential | undefined;
}

const bootstrapMax = 6;
const mechanism = 'SCRAM-SHA-512';

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
    return { problem: { code: 'not_ready', detail: `cluster ${cluster.name}: ${way.problem}` } };
  }
  const settings = layered(application, question, chosen, way, parts.rules);
  const credential = fitting(credentials, cluster.name, settings);
  if (credential?.kind === 'scram' && !isRuled(settings.get('sasl.mechanism'))) {
    settings.set('sasl.mechanism', { value: mechanism, rule: 'credential' });
  }
  const { name, generation, rule, groups } = { ...chosen, name: cluster.name };
  const content: ConfigContent = {
    format: 1,
    application: application.name,
    topic,
    role,
    cluster: { name, id: way.clusterId, generation, rule },
    bootstrap: bootstrapOf(cluster.bootstrap, way.brokers),
    settings: sorted(settings),
    ...(credential !== undefined && { credential: shown(credential) }),
    ...(role === 'consumer' && groups !== undefined && { groups: { ...groups } }),
  };
  return { content, ...(credential !== undefined && { credential }) };
}

type Settings = Map<string, ConfigSetting>;

function layered(
  application: Application,
  { topic, role, site }: Question,
  { cluster }: ChosenCluster,
  way: ClusterWay,
  rules: readonly ClientSetting[],
): Settings {
  const settings: Settings = new Map();
  const put = (given: Readonly<Record<string, string | number | boolean>>, rule: string): void => {
    for (const [name, value] of Object.entries(given)) {
      if (isOfRole(name, role)) settings.set(name, { value: String(value), rule });
    }
  };
  put(standardSettings[role], `standard ${role}`);
  put(way.settings, `cluster ${cluster.name}`);
  const { name, team } = application;
  const facts = { application: name, team, topic, role, cluster: cluster.name, environment: cluster.environment, site };
  for (const rule of rulesFor(rules, facts)) put(rule.set, `${rulePrefix}${rule.name}`);
  const protocol = (settings.get('security.protocol')?.value ?? 'PLAINTEXT').toUpperCase();
  for (const key of settings.keys()) {
    if (!securityKeys.has(key) || key === 'security.protocol') continue;
    const isUsed = key.startsWith('sasl.') ? protocol.startsWith('SASL') : protocol.endsWith('SSL');
    if (!isUsed) settings.delete(key);
  }
  return settings;
}

const rulePrefix = 'client setting ';

function isRuled(setting: ConfigSetting | undefined): boolean {
  return setting?.rule.startsWith(rulePrefix) ?? false;
}

/** The newest of the kind that the connection asks for. */
function fitting(
  credentials: readonly KeptCredential[],
  cluster: string,
  settings: Settings,
): KeptCredential | undefined {
  const protocol = settings.get('security.protocol')?.value.toUpperCase() ?? '';
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

function sorted(settings: Settings): Record<string, ConfigSetting> {
  return Object.fromEntries([...settings].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function noCluster(code: 'no_use' | 'no_cluster', { name }: Application, { topic, role }: Question): ConfigProblem {
  const detail = {
    no_use: `application ${name} does not declare that it is a ${role} of topic ${topic}: declare that, or request it`,
    no_cluster: `no cluster that application ${name} finds topic ${topic} on is declared any more: declare one`,
  };
  return { code, detail: detail[code] };
}
