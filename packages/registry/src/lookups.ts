/** Finds what is asked for in the state, or says in the dialect's words that it is not there. */
import { RegistryError } from './registry-error.ts';
import type { RegisteredSchema, RegistryState, Visibility } from './state/registry-state.ts';

export const notFound = {
  subject: (subject: string) => new RegistryError('subject_not_found', `Subject '${subject}' not found.`),
  version: (version: number | string) => new RegistryError('version_not_found', `Version ${version} not found.`),
  schema: (id?: number) => new RegistryError('schema_not_found', `Schema ${id === undefined ? '' : `${id} `}not found`),
};

/** A version as it stands in a path: a number, `latest`, or -1 for the latest. @throws RegistryError */
export function versionOf(text: string): number | 'latest' {
  if (text === 'latest' || text === '-1') return 'latest';
  const version = Number(text);
  if (/^\d+$/.test(text) && version >= 1 && version < 2 ** 31) return version;
  throw new RegistryError(
    'invalid_version',
    `The specified version '${text}' is not a valid version id. ` +
      'Allowed values are between [1, 2^31-1] and the string "latest"',
  );
}

/** @throws RegistryError `subject_not_found`, `version_not_found` */
export function versionAt(
  state: RegistryState,
  subject: string,
  at: number | 'latest',
  visibility: Visibility,
): RegisteredSchema {
  const versions = state.versions(subject, visibility);
  if (versions.length === 0) throw notFound.subject(subject);
  const found = at === 'latest' ? versions.at(-1) : versions.find(({ version }) => version === at);
  if (found === undefined) throw notFound.version(at);
  return found;
}

export function presentVersion(state: RegistryState, subject: string, at: number | 'latest'): RegisteredSchema {
  return versionAt(state, subject, at, 'present');
}
