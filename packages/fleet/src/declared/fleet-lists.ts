/**
 * Everything that is declared of a fleet as lists, by the names that the lists have in a fleet file: what a file holds,
 * and what a record comes to.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Acl, type KindName, kindNames, kinds, type Spec } from '@millrace/api/declared';

/** Every kind's things, in the order in which they are declared. */
export type FleetLists = { readonly [K in KindName]: readonly Spec<K>[] };

/** Of some kinds: what a file that speaks of no others holds. */
export type SomeLists = { readonly [K in KindName]?: readonly Spec<K>[] | undefined };

export function fullLists(some: SomeLists): FleetLists {
  return Object.fromEntries(kindNames.map((kind) => [kind, some[kind] ?? []])) as unknown as FleetLists;
}

/** The kind whose list has this name; undefined when there is none. */
export function kindOfList(list: string): KindName | undefined {
  return kindNames.find((kind) => kinds[kind].list === list);
}

/** The id that a thing has among its kind. */
export function idOf<K extends KindName>(kind: K, spec: Spec<K>): string {
  const idOfKind = kinds[kind].idOf as (spec: Spec<K>) => string;
  return idOfKind(spec);
}

/** A kind's things by their ids; of several with one id the last. */
export function byId<K extends KindName>(kind: K, list: readonly Spec<K>[]): Map<string, Spec<K>> {
  return new Map(list.map((spec) => [idOf(kind, spec), spec]));
}

/**
 * The one spelling of what is declared: settings are text, defaults of ACLs are left out, addresses have no spaces.
 * What means the same is then equal.
 */
export function canonical<K extends KindName>(kind: K, spec: Spec<K>): Spec<K> {
  const given = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
  const rewrite = rewrites[kind] as ((spec: object) => object) | undefined;
  return (rewrite === undefined ? given : rewrite(given)) as Spec<K>;
}

/** Whether both mean the same. */
export function sameSpec<K extends KindName>(kind: K, one: Spec<K>, other: Spec<K>): boolean {
  return isDeepStrictEqual(canonical(kind, one), canonical(kind, other));
}

const rewrites: { readonly [K in KindName]?: (spec: Spec<K>) => Spec<K> } = {
  cluster: ({ client, bootstrap, ...rest }) => ({
    ...rest,
    bootstrap: bootstrap.replaceAll(/\s/g, ''),
    ...(client !== undefined && Object.keys(client).length > 0 && { client: textValues(client) }),
  }),
  topic: ({ configs, ...rest }) => ({
    ...rest,
    ...(configs !== undefined && Object.keys(configs).length > 0 && { configs: textValues(configs) }),
  }),
  connector: ({ config, state, ...rest }) => ({
    ...rest,
    config: textValues(config),
    ...(state !== undefined && state !== 'running' && { state }),
  }),
  acl: withoutDefaults,
  client_setting: ({ set, ...rest }) => ({ ...rest, set: textValues(set) }),
};

function withoutDefaults({ host, permission, patternType, ...rest }: Acl): Acl {
  return {
    ...rest,
    ...(host !== undefined && host !== '*' && { host }),
    ...(permission !== undefined && permission !== 'allow' && { permission }),
    ...(patternType !== undefined && patternType !== 'literal' && { patternType }),
  };
}

function textValues(settings: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}
