/**
 * What of connectors' configurations may be shown. Values of settings that hold secrets are hidden, unless they are
 * references: ours (`env:NAME`, `file:PATH`), or those that Connect resolves itself (`${provider:path:key}`).
 */
import { secretPlaces } from '../audit/secret-places.ts';
import { parseReference } from '../client-configuration/references.ts';

export const hidden = '(hidden)';

/** Names of settings that hold a secret instead of a reference to one. */
function secretSettings(config: Readonly<Record<string, string>>): string[] {
  const places = new Set(secretPlaces(config));
  return Object.keys(config).filter((name) => places.has(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`));
}

function isReference(value: string): boolean {
  return parseReference(value) !== undefined;
}

/** The configuration as it may be shown; `declared` says which values came from references. */
export function shownConfig(
  config: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const secret = new Set(secretSettings(config));
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const reference = declared[name];
      if (reference !== undefined && isReference(reference)) return [name, reference];
      return [name, secret.has(name) ? hidden : value];
    }),
  );
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
