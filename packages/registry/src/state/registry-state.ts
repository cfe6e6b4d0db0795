/**
 * All that the registry knows, as a fold over the facts of its topic. It holds no rules: what may become a fact is
 * decided before it is written.
 *
 * Invariants: the same facts in the same order give the same state; an id stands for one content, which may be
 * registered under many subjects.
 */
import type { SchemaText } from '../schema.ts';
import { everySubject, subjectName } from '../subject-name.ts';
import type { Fact, Mode, StoredConfig, StoredSchema } from './fact.ts';

/** A version of a subject. */
export interface RegisteredSchema extends StoredSchema {
  readonly subject: string;
  readonly version: number;
}

/** Which versions are meant: those that are there, also the softly deleted ones, or only those. */
export type Visibility = 'present' | 'all' | 'deleted';

export class RegistryState {
  readonly #versions = new Map<string, Map<number, RegisteredSchema>>();
  readonly #byId = new Map<number, Map<string, RegisteredSchema>>();
  readonly #idOfContent = new Map<string, number>();
  readonly #configs = new Map<string, StoredConfig>();
  readonly #modes = new Map<string, Mode>();
  #highestId = 0;

  /** The highest id that was ever given; 0 before the first. */
  get highestId(): number {
    return this.#highestId;
  }

  apply(fact: Fact): void {
    switch (fact.kind) {
      case 'schema':
        return this.#applySchema(fact.subject, fact.version, fact.value);
      case 'config':
        return replace(this.#configs, fact.subject, fact.value ?? undefined);
      case 'mode':
        return replace(this.#modes, fact.subject, fact.value?.mode);
      case 'ids':
        this.#highestId = Math.max(this.#highestId, fact.value?.highest ?? 0);
    }
  }

  /** Subjects with a version of that kind, by name. */
  subjects(visibility: Visibility = 'present'): string[] {
    return [...this.#versions.keys()].filter((subject) => this.versions(subject, visibility).length > 0).sort();
  }

  /** Versions of a subject, ascending; none when there is no such subject. */
  versions(subject: string, visibility: Visibility = 'present'): RegisteredSchema[] {
    const versions = [...(this.#versions.get(subject)?.values() ?? [])].sort(
      (one, other) => one.version - other.version,
    );
    if (visibility === 'all') return versions;
    return versions.filter(({ deleted }) => deleted === (visibility === 'deleted'));
  }

  version(subject: string, version: number): RegisteredSchema | undefined {
    return this.#versions.get(subject)?.get(version);
  }

  /** Every version that has the id, the deleted ones too, by subject and version. */
  withId(id: number): RegisteredSchema[] {
    return [...(this.#byId.get(id)?.values() ?? [])].sort(
      (one, other) => compareText(one.subject, other.subject) || one.version - other.version,
    );
  }

  /** The id that stands for the content. */
  idOf(content: SchemaText): number | undefined {
    return this.#idOfContent.get(contentKey(content));
  }

  /** Versions that refer to a version. */
  referrers(subject: string, version: number): RegisteredSchema[] {
    const found: RegisteredSchema[] = [];
    for (const versions of this.#versions.values()) {
      for (const each of versions.values()) {
        if (each.references.some((one) => one.subject === subject && one.version === version)) found.push(each);
      }
    }
    return found;
  }

  /** What was set for exactly this name. */
  configOf(name: string): StoredConfig | undefined {
    return this.#configs.get(name);
  }

  /** What was set for exactly this name. */
  modeOf(name: string): Mode | undefined {
    return this.#modes.get(name);
  }

  contexts(): string[] {
    return [...new Set(['.', ...[...this.#versions.keys()].map((subject) => subjectName(subject).context)])].sort();
  }

  #applySchema(subject: string, version: number, value: StoredSchema | null): void {
    const before = this.#versions.get(subject)?.get(version);
    if (before !== undefined) this.#forget(before);
    if (value === null) return;
    const registered = { ...value, subject, version };
    const versions = this.#versions.get(subject) ?? new Map<number, RegisteredSchema>();
    this.#versions.set(subject, versions.set(version, registered));
    const withId = this.#byId.get(value.id) ?? new Map<string, RegisteredSchema>();
    this.#byId.set(value.id, withId.set(`${version} ${subject}`, registered));
    const content = contentKey(value);
    if (!this.#idOfContent.has(content)) this.#idOfContent.set(content, value.id);
    this.#highestId = Math.max(this.#highestId, value.id);
  }

  #forget(registered: RegisteredSchema): void {
    const { subject, version, id } = registered;
    const versions = this.#versions.get(subject);
    versions?.delete(version);
    if (versions?.size === 0) this.#versions.delete(subject);
    const withId = this.#byId.get(id);
    withId?.delete(`${version} ${subject}`);
    if (withId === undefined || withId.size > 0) return;
    this.#byId.delete(id);
    const content = contentKey(registered);
    if (this.#idOfContent.get(content) === id) this.#idOfContent.delete(content);
  }
}

/** Names whose settings hold for a subject, the nearest first: its own, its context's, the registry's. */
export function settingNames(subject: string): string[] {
  const { context } = subjectName(subject);
  return [...new Set([subject, `:${context}:`, everySubject])];
}

/** Equal exactly for the same content. */
export function contentKey({ schemaType, schema, references }: SchemaText): string {
  return JSON.stringify([schemaType, schema, references.map(({ name, subject, version }) => [name, subject, version])]);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function replace<Value>(map: Map<string, Value>, name: string, value: Value | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}
