/** What may be set for a subject, a context or the whole registry: decides, and answers the facts to add. */
import { type CompatibilityLevel, compatibilityLevels } from './compatibility-level.ts';
import { notFound } from './lookups.ts';
import { RegistryError } from './registry-error.ts';
import { checkWritable, modeOf } from './settings.ts';
import { type Mode, modes, type StoredConfig } from './state/fact.ts';
import type { RegistryState } from './state/registry-state.ts';
import type { Decision } from './state/schema-topic.ts';
import { defaultContext, everySubject, subjectName } from './subject-name.ts';

/** What is absent or null stays as it is. */
export interface ConfigChange {
  readonly compatibility?: string | null | undefined;
  readonly normalize?: boolean | null | undefined;
}

/** The configuration of exactly this name. @throws RegistryError `subject_compatibility_not_configured` */
export function configOf(state: RegistryState, name: string): StoredConfig {
  const config = state.configOf(name);
  if (config !== undefined) return config;
  throw new RegistryError(
    'subject_compatibility_not_configured',
    `Subject '${name}' does not have subject-level compatibility configured`,
  );
}

/** The mode of exactly this name. @throws RegistryError `subject_mode_not_configured` */
export function ownMode(state: RegistryState, name: string): Mode {
  const mode = state.modeOf(name);
  if (mode !== undefined) return mode;
  throw new RegistryError(
    'subject_mode_not_configured',
    `Subject '${name}' does not have subject-level mode configured`,
  );
}

export function decideConfig(state: RegistryState, name: string, change: ConfigChange): Decision<StoredConfig> {
  const { compatibility, normalize } = change;
  if (typeof compatibility === 'string' && !isLevel(compatibility.toUpperCase())) {
    throw new RegistryError(
      'invalid_compatibility_level',
      'Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, ' +
        'forward_transitive, and full_transitive',
    );
  }
  checkWritable(state, name);
  const value: StoredConfig = {
    ...state.configOf(name),
    ...(typeof compatibility === 'string' && { compatibility: compatibility.toUpperCase() as CompatibilityLevel }),
    ...(typeof normalize === 'boolean' && { normalize }),
  };
  return { facts: [{ kind: 'config', subject: name, value }], result: value };
}

/** Answers what was set. */
export function decideConfigDeletion(state: RegistryState, name: string): Decision<StoredConfig> {
  const before = state.configOf(name);
  if (before === undefined && name !== everySubject) throw notFound.subject(name);
  checkWritable(state, name);
  const facts = before === undefined ? [] : [{ kind: 'config' as const, subject: name, value: null }];
  return { facts, result: before ?? { compatibility: 'BACKWARD' } };
}

/** `force` lets a registry with schemas go into mode IMPORT, where ids come from outside. */
export function decideMode(
  state: RegistryState,
  name: string,
  wanted: string,
  force: boolean,
): Decision<{ readonly mode: Mode }> {
  const mode = wanted.toUpperCase() as Mode;
  if (!modes.includes(mode)) {
    throw new RegistryError(
      'invalid_mode',
      'Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE, IMPORT, and FORWARD.',
    );
  }
  if (mode === 'READONLY_OVERRIDE' && name !== everySubject) {
    throw new RegistryError('invalid_mode', 'Invalid mode. READONLY_OVERRIDE holds for the whole registry alone.');
  }
  if (mode === 'IMPORT' && !force && modeOf(state, name) !== 'IMPORT' && hasSchemas(state, name)) {
    throw new RegistryError('operation_not_permitted', 'Cannot import since found existing subjects');
  }
  return { facts: [{ kind: 'mode', subject: name, value: { mode } }], result: { mode } };
}

/** Answers what was set. */
export function decideModeDeletion(state: RegistryState, name: string): Decision<{ readonly mode: Mode }> {
  const before = state.modeOf(name);
  if (before === undefined && name !== everySubject) throw notFound.subject(name);
  const facts = before === undefined ? [] : [{ kind: 'mode' as const, subject: name, value: null }];
  return { facts, result: { mode: before ?? 'READWRITE' } };
}

function hasSchemas(state: RegistryState, name: string): boolean {
  if (name === everySubject) return state.subjects('all').length > 0;
  const { context, subject } = subjectName(name);
  if (subject !== '' || context === defaultContext) return state.versions(name, 'all').length > 0;
  return state.subjects('all').some((each) => subjectName(each).context === context);
}

function isLevel(text: string): text is CompatibilityLevel {
  return (compatibilityLevels as readonly string[]).includes(text);
}
