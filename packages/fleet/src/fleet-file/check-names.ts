/**
 * What a schema can't say: names that are used are declared and once there, secrets are references, addresses are some.
 */
import { nearest } from '@millrace/base';
import { parseReference } from '../client-configuration/references.ts';
import { secretKeys } from '../client-configuration/security-configuration.ts';
import type { Finding } from './check-schema.ts';
import type { WrittenFleet } from './schema.ts';

type Named = readonly { readonly name: string }[];

export function checkNames({ environments = [], sites = [], clusters }: WrittenFleet): Finding[] {
  return [
    ...checkList('environments', environments),
    ...checkList('sites', sites),
    ...checkList('clusters', clusters),
    ...clusters.flatMap((cluster, index): Finding[] => [
      ...checkDeclared(['clusters', index, 'site'], cluster.site, 'sites', sites),
      ...checkDeclared(['clusters', index, 'environment'], cluster.environment, 'environments', environments),
      ...checkBootstrap(['clusters', index, 'bootstrap'], cluster.bootstrap),
      ...checkSecrets(['clusters', index, 'client'], cluster.client ?? {}),
    ]),
  ];
}

function checkList(list: string, entries: Named): Finding[] {
  const seen = new Set<string>();
  return entries.flatMap(({ name }, index) => {
    const steps = [list, index, 'name'];
    if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
      return [{ steps, message: `${JSON.stringify(name)} is not made of letters, digits, ., - and _` }];
    }
    if (seen.has(name)) return [{ steps, message: `${name} is the name of another one above` }];
    seen.add(name);
    return [];
  });
}

function checkDeclared(steps: Finding['steps'], name: string | undefined, list: string, declared: Named): Finding[] {
  const names = declared.map((each) => each.name);
  if (name === undefined || names.includes(name)) return [];
  const meant = nearest(name, names);
  const advice = meant === undefined ? `add it there` : `did you mean ${meant}?`;
  return [{ steps, message: `${JSON.stringify(name)} is not among the ${list}; ${advice}` }];
}

function checkBootstrap(steps: Finding['steps'], bootstrap: string): Finding[] {
  return bootstrap.split(',').flatMap((part) => {
    const [, host = '', port] = /^\s*(\[[\da-fA-F:.%\w]+\]|[^\s/:[\]]+):(\d{1,5})\s*$/.exec(part) ?? [];
    if (host !== '' && Number(port) >= 1 && Number(port) <= 65_535) return [];
    return [{ steps, message: `${JSON.stringify(part.trim())} is not HOST:PORT` }];
  });
}

/** Messages name the key and never the value, which may be a secret. */
function checkSecrets(steps: Finding['steps'], client: Readonly<Record<string, unknown>>): Finding[] {
  return Object.entries(client).flatMap(([key, value]) => {
    if (!secretKeys.has(key) || parseReference(String(value)) !== undefined) return [];
    return [{ steps: [...steps, key], message: 'is a secret: give env:NAME or file:PATH, which name where it is' }];
  });
}
