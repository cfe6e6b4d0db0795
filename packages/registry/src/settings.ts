/** Which compatibility and which mode hold for a subject: what is set nearest to it. */
import { type CompatibilityLevel, compatibilityDefault } from './compatibility-level.ts';
import { RegistryError } from './registry-error.ts';
import type { Mode } from './state/fact.ts';
import { type RegistryState, settingNames } from './state/registry-state.ts';
import { everySubject } from './subject-name.ts';

export function compatibilityOf(state: RegistryState, name: string): CompatibilityLevel {
  for (const each of settingNames(name)) {
    const level = state.configOf(each)?.compatibility;
    if (level !== undefined) return level;
  }
  return compatibilityDefault;
}

/** Whether texts are made regular although the request does not ask for it. */
export function normalizesOf(state: RegistryState, name: string): boolean {
  for (const each of settingNames(name)) {
    const normalize = state.configOf(each)?.normalize;
    if (normalize !== undefined) return normalize;
  }
  return false;
}

export function modeOf(state: RegistryState, name: string): Mode {
  if (state.modeOf(everySubject) === 'READONLY_OVERRIDE') return 'READONLY_OVERRIDE';
  for (const each of settingNames(name)) {
    const mode = state.modeOf(each);
    if (mode !== undefined) return mode;
  }
  return 'READWRITE';
}

/** @throws RegistryError `operation_not_permitted` where the mode lets nobody write. */
export function checkWritable(state: RegistryState, subject: string): void {
  const mode = modeOf(state, subject);
  if (mode === 'READWRITE' || mode === 'IMPORT') return;
  const kind = mode === 'FORWARD' ? 'forward' : 'read-only';
  throw new RegistryError('operation_not_permitted', `Subject ${subject} is in ${kind} mode`);
}
