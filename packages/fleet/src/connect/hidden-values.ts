/**
 * What of connectors' configurations may be shown. What Connect has may be a secret whatever it is called, since it was
 * a reference once, so that a value is hidden unless it is known to be none: it stands in the record just so, it is a
 * reference of Connect's own (`${provider:path:key}`), or no setting of that name is ever secret.
 */
import { secretPlaces } from '../audit/secret-places.ts';
import { parseReference } from '../client-configuration/references.ts';

export const hidden = '(hidden)';

const neverSecret: ReadonlySet<string> = new Set([
  'name',
  'connector.class',
  'tasks.max',
  'topics',
  'topics.regex',
  'key.converter',
  'value.converter',
  'header.converter',
  'transforms',
  'predicates',
]);
const providerReference = /^\$\{[^}]+\}$/;

/** A configuration as Connect has it, as it may be shown; `declared` is the one of the record, with references. */
export function shownConfig(
  config: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const secret = new Set(
    secretPlaces(config).map((place) => place.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')),
  );
  const shown = ([name, value]: [string, string]): string => {
    const known = declared[name];
    if (known !== undefined && parseReference(known) !== undefined) return known;
    if (providerReference.test(value)) return value;
    return !secret.has(name) && (known === value || neverSecret.has(name)) ? value : hidden;
  };
  return Object.fromEntries(Object.entries(config).map((entry) => [entry[0], shown(entry)]));
}

/** A text of somebody else's with the secrets taken out: those that are known, and what looks like one. */
export function withoutSecrets(text: string, secrets: Iterable<string> = []): string {
  let shown = text;
  for (const secret of secrets) if (secret.length > 0) shown = shown.replaceAll(secret, hidden);
  return shown
    .replaceAll(/\/\/[^/\s:@]+:[^/\s@]+@/g, `//${hidden}@`)
    .replaceAll(
      /\b(\w*(?:password|passwd|secret|token))(\s*[=:]\s*)(?!\(hidden\))("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
      `$1$2${hidden}`,
    );
}
