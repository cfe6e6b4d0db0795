/** What refers to what: the fields of each kind that hold the name of something else that is declared. */
import type { KindName, Spec } from '@millrace/api/declared';
import type { Finding } from './finding.ts';

/** A name of something else that is declared. */
export interface Reference {
  /** Below the thing that refers. */
  readonly steps: Finding['steps'];
  readonly to: KindName;
  readonly name: string;
}

/** The fields that are such a name as a whole. */
const fields: { readonly [K in KindName]?: { readonly [Field in keyof Spec<K>]?: KindName } } = {
  cluster: { site: 'site', zone: 'zone', environment: 'environment', twinOf: 'cluster' },
  connect: { cluster: 'cluster' },
  topic: { cluster: 'cluster', owner: 'team' },
  application: { team: 'team' },
  acl: { cluster: 'cluster' },
  quota: { cluster: 'cluster' },
  mirror: { source: 'cluster', target: 'cluster' },
  connector: { connect: 'connect', owner: 'team' },
};

export function referencesOf(kind: KindName, spec: Spec<KindName>): Reference[] {
  const values = spec as Readonly<Record<string, unknown>>;
  const references = Object.entries((fields[kind] ?? {}) as Readonly<Record<string, KindName>>).flatMap(
    ([field, to]): Reference[] => {
      const name = values[field];
      return typeof name === 'string' ? [{ steps: [field], to, name }] : [];
    },
  );
  if (kind === 'client_setting') return matched(spec as Spec<'client_setting'>);
  if (kind !== 'application') return references;
  const uses = (spec as Spec<'application'>).uses ?? [];
  return [
    ...references,
    ...uses.map(({ cluster }, index): Reference => {
      return { steps: ['uses', index, 'cluster'], to: 'cluster', name: cluster };
    }),
  ];
}

const matchFields = {
  applications: 'application',
  teams: 'team',
  clusters: 'cluster',
  environments: 'environment',
  sites: 'site',
} as const;

function matched({ match = {} }: Spec<'client_setting'>): Reference[] {
  return Object.entries(matchFields).flatMap(([field, to]) =>
    (match[field as keyof typeof matchFields] ?? []).map((name, index): Reference => {
      return { steps: ['match', field, index], to, name };
    }),
  );
}
