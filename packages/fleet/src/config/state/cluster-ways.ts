/**
 * How applications reach clusters: what is declared of clients, with references resolved, without what is the control
 * plane's own (its login, its identity) and without anything secret. Files of authorities become the PEM that they
 * hold, since their paths mean nothing elsewhere.
 *
 * References are resolved again now and then, so that an authority that was replaced in its file is told.
 */

import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '@millrace/api/declared';
import { isMillraceError, messageOf } from '@millrace/base';
import { secretKeys } from '@millrace/client/java-configuration';
import { type Environment, parseReference, resolveReferences } from '../../client-configuration/references.ts';

/** Settings, or why they can't be told. */
export type ResolvedWay = { readonly settings: Readonly<Record<string, string>> } | { readonly problem: string };

const authorityPaths: ReadonlySet<string> = new Set(['ssl.ca.location', 'ssl.truststore.location']);
const authorityTexts: ReadonlySet<string> = new Set(['ssl.ca.pem', 'ssl.truststore.certificates']);
const left = ['client.id', 'group.id', 'group.instance.id', 'bootstrap.servers', 'ssl.truststore.type'];
/** Beginnings of names that say who the control plane is. */
const ownLogin = ['sasl.username', 'sasl.oauthbearer.', 'ssl.certificate.', 'ssl.key.', 'ssl.keystore.'];

/** As applications are told them; undefined where something has to be read for that. */
export function plainSettings(cluster: Cluster): Readonly<Record<string, string>> | undefined {
  const told = Object.entries(toldSettings(cluster));
  const isRead = told.some(([name, value]) => authorityPaths.has(name) || parseReference(value) !== undefined);
  if (isRead) return undefined;
  return Object.assign(
    {},
    ...told.map(([name, value]) => (authorityTexts.has(name) ? authority(value) : { [name]: value })),
  );
}

function toldSettings(cluster: Cluster): Record<string, string> {
  return Object.fromEntries(
    Object.entries(cluster.client ?? {})
      .filter(([name]) => !secretKeys.has(name) && !left.includes(name))
      .filter(([name]) => !ownLogin.some((prefix) => name.startsWith(prefix)))
      .map(([name, value]) => [name === 'sasl.mechanisms' ? 'sasl.mechanism' : name, String(value)]),
  );
}

/** Settings of a cluster's clients, as applications are told them. */
async function resolveWay(cluster: Cluster, environment: Environment): Promise<ResolvedWay> {
  try {
    const settings: Record<string, string> = {};
    for (const [name, value] of await resolveReferences(toldSettings(cluster), environment, 'its client')) {
      if (!authorityPaths.has(name) && !authorityTexts.has(name)) settings[name] = value;
      else Object.assign(settings, authority(authorityPaths.has(name) ? await readFile(value, 'utf8') : value));
    }
    return { settings };
  } catch (error) {
    if (!isMillraceError(error) && !(error instanceof Error && 'code' in error)) throw error;
    return { problem: messageOf(error) };
  }
}

function authority(pem: string): Record<string, string> {
  return { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': pem };
}

const againMs = 30_000;

/** Those of all clusters that are declared; what is as before stays the same object. */
export class ClusterWays {
  readonly #environment: Environment;
  readonly #now: () => number;
  readonly #ways = new Map<string, { readonly spec: Cluster; readonly way: ResolvedWay; readonly at: number }>();

  /** @param now a clock in milliseconds that never goes back */
  constructor(environment: Environment, now: () => number) {
    this.#environment = environment;
    this.#now = now;
  }

  async update(clusters: readonly Cluster[]): Promise<ReadonlyMap<string, ResolvedWay>> {
    const names = new Set(clusters.map(({ name }) => name));
    for (const name of this.#ways.keys()) if (!names.has(name)) this.#ways.delete(name);
    for (const spec of clusters) {
      const known = this.#ways.get(spec.name);
      if (known?.spec === spec && this.#now() - known.at < againMs) continue;
      const resolved = await resolveWay(spec, this.#environment);
      const way = isDeepStrictEqual(known?.way, resolved) && known !== undefined ? known.way : resolved;
      this.#ways.set(spec.name, { spec, way, at: this.#now() });
    }
    return new Map([...this.#ways].map(([name, { way }]) => [name, way]));
  }
}
