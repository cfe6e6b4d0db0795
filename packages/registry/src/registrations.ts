/**
 * What it takes to register a schema, and to delete one: each rule looks at the state and answers the facts to add.
 * Nothing is written here.
 */
import { checkCompatibility } from './check-compatibility.ts';
import type { CompatibilityLevel } from './compatibility-level.ts';
import { notFound, presentVersion, versionAt } from './lookups.ts';
import { readSchema } from './read-schema.ts';
import { RegistryError } from './registry-error.ts';
import type { ParsedSchema, SchemaText } from './schema.ts';
import { checkWritable, compatibilityOf, modeOf, normalizesOf } from './settings.ts';
import type { Fact } from './state/fact.ts';
import { contentKey, type RegisteredSchema, type RegistryState } from './state/registry-state.ts';
import type { Decision } from './state/schema-topic.ts';
import { checkSubject } from './subject-name.ts';

export interface RegisterRequest extends SchemaText {
  readonly normalize: boolean;
  /** Given only in mode IMPORT. */
  readonly id?: number | undefined;
  readonly version?: number | undefined;
}

/** The text as it is kept, and the schema. */
export function readForSubject(
  state: RegistryState,
  subject: string,
  request: SchemaText & { readonly normalize: boolean },
): { readonly text: SchemaText; readonly parsed: ParsedSchema } {
  const { schemaType, references } = request;
  const parsed = readSchema(state, request);
  const isNormalized = request.normalize || normalizesOf(state, subject);
  return { text: { schemaType, references, schema: isNormalized ? parsed.normalized : parsed.canonical }, parsed };
}

/** The present version of the subject with this content. */
export function sameContent(versions: readonly RegisteredSchema[], text: SchemaText): RegisteredSchema | undefined {
  const key = contentKey(text);
  return versions.findLast((version) => contentKey(version) === key);
}

/** Registers a schema; one that the subject has already stays as it is. */
export function decideRegistration(
  state: RegistryState,
  subject: string,
  request: RegisterRequest,
): Decision<RegisteredSchema> {
  checkSubject(subject);
  const { text, parsed } = readForSubject(state, subject, request);
  if (modeOf(state, subject) === 'IMPORT') return decideImport(state, subject, text, request);
  const present = state.versions(subject);
  const same = sameContent(present, text);
  if (same !== undefined && (request.id === undefined || request.id === same.id)) return { facts: [], result: same };
  checkWritable(state, subject);
  if (request.id !== undefined) {
    throw new RegistryError('operation_not_permitted', `Subject ${subject} is not in import mode`);
  }
  const version = (state.versions(subject, 'all').at(-1)?.version ?? 0) + 1;
  if (request.version !== undefined && request.version !== version) {
    throw new RegistryError(
      'invalid_request',
      `Version ${request.version} is not one more than previous version ${version - 1}`,
    );
  }
  const level = compatibilityOf(state, subject);
  const messages = compatibilityMessages(state, parsed, present, level);
  if (messages.length > 0) {
    throw new RegistryError(
      'incompatible_schema',
      `Schema being registered is incompatible with an earlier schema for subject "${subject}", ` +
        `details: [${messages.join(', ')}]`,
    );
  }
  return registration(state, subject, version, state.idOf(text) ?? state.highestId + 1, text);
}

/** What stands between a schema and the versions that there are. */
export function compatibilityMessages(
  state: RegistryState,
  parsed: ParsedSchema,
  earlier: readonly RegisteredSchema[],
  level: CompatibilityLevel,
): string[] {
  if (level === 'NONE') return [];
  const read = earlier.map((each) => ({ version: each.version, schema: readSchema(state, each) }));
  return checkCompatibility(parsed, read, level);
}

/** In mode IMPORT the caller says id and version, and nothing is compared: it copies another registry. */
function decideImport(
  state: RegistryState,
  subject: string,
  text: SchemaText,
  { id, version }: RegisterRequest,
): Decision<RegisteredSchema> {
  if (id === undefined) throw new RegistryError('operation_not_permitted', `Subject ${subject} is in import mode`);
  const [holder] = state.withId(id);
  if (holder !== undefined && contentKey(holder) !== contentKey(text)) {
    throw new RegistryError('id_taken', `Overwrite new schema with id ${id} is not permitted.`);
  }
  const at = version ?? (state.versions(subject, 'all').at(-1)?.version ?? 0) + 1;
  const there = state.version(subject, at);
  if (there !== undefined && there.id !== id) {
    throw new RegistryError('id_taken', `Version ${at} of subject ${subject} has another id already: ${there.id}.`);
  }
  return registration(state, subject, at, id, text);
}

function registration(
  state: RegistryState,
  subject: string,
  version: number,
  id: number,
  text: SchemaText,
): Decision<RegisteredSchema> {
  const { schemaType, schema, references } = text;
  const value = { id, schemaType, schema, references: [...references], deleted: false };
  const facts: Fact[] = [{ kind: 'schema', subject, version, value }];
  if (id > state.highestId) facts.push({ kind: 'ids', value: { highest: id } });
  return { facts, result: { ...value, subject, version } };
}

/** Deletes a version: softly, or for good what was deleted softly. */
export function decideVersionDeletion(
  state: RegistryState,
  subject: string,
  at: number | 'latest',
  permanent: boolean,
): Decision<number> {
  checkWritable(state, subject);
  if (permanent) {
    const found = versionAt(state, subject, at, 'all');
    if (!found.deleted) {
      throw new RegistryError(
        'version_not_soft_deleted',
        `Subject '${subject}' Version ${found.version} was not deleted first before being permanently deleted`,
      );
    }
    return deletion(state, [found], true, found.version);
  }
  if (typeof at === 'number' && state.version(subject, at)?.deleted === true) {
    throw new RegistryError(
      'version_soft_deleted',
      `Subject '${subject}' Version ${at} was soft deleted. Set permanent=true to delete permanently`,
    );
  }
  const found = presentVersion(state, subject, at);
  return deletion(state, [found], false, found.version);
}

/** Deletes all versions of a subject, and for good also what was set for it. */
export function decideSubjectDeletion(state: RegistryState, subject: string, permanent: boolean): Decision<number[]> {
  checkWritable(state, subject);
  const all = state.versions(subject, 'all');
  if (all.length === 0) throw notFound.subject(subject);
  const present = all.filter(({ deleted }) => !deleted);
  if (permanent && present.length > 0) {
    throw new RegistryError(
      'subject_not_soft_deleted',
      `Subject '${subject}' was not deleted first before being permanently deleted`,
    );
  }
  if (!permanent && present.length === 0) {
    throw new RegistryError(
      'subject_soft_deleted',
      `Subject '${subject}' was soft deleted. Set permanent=true to delete permanently`,
    );
  }
  const gone = permanent ? all : present;
  const decision = deletion(
    state,
    gone,
    permanent,
    gone.map(({ version }) => version),
  );
  if (!permanent) return decision;
  const settings: Fact[] = [];
  if (state.configOf(subject) !== undefined) settings.push({ kind: 'config', subject, value: null });
  if (state.modeOf(subject) !== undefined) settings.push({ kind: 'mode', subject, value: null });
  return { ...decision, facts: [...decision.facts, ...settings] };
}

function deletion<Result>(
  state: RegistryState,
  gone: readonly RegisteredSchema[],
  permanent: boolean,
  result: Result,
): Decision<Result> {
  const going = new Set(gone);
  const facts: Fact[] = [];
  // Newest first: who reads half of it meets no subject whose latest version is gone.
  for (const each of gone.toReversed()) {
    const { subject, version, ...value } = each;
    const referrers = state.referrers(subject, version).filter((one) => !going.has(one) && (permanent || !one.deleted));
    if (referrers.length > 0) {
      throw new RegistryError(
        'reference_exists',
        `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}.`,
      );
    }
    facts.push({ kind: 'schema', subject, version, value: permanent ? null : { ...value, deleted: true } });
  }
  return { facts, result };
}
