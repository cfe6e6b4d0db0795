/** The compatibility levels that a subject can have, and what each asks for. */

export const compatibilityLevels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type CompatibilityLevel = (typeof compatibilityLevels)[number];

/** What holds where nothing was set. */
export const compatibilityDefault: CompatibilityLevel = 'BACKWARD';

export interface CompatibilityDemand {
  /** The new schema reads what the old ones wrote. */
  readonly backward: boolean;
  /** The old schemas read what the new one writes. */
  readonly forward: boolean;
  /** All versions count, not only the latest. */
  readonly transitive: boolean;
}

export function demandOf(level: CompatibilityLevel): CompatibilityDemand {
  return {
    backward: level.startsWith('BACKWARD') || level.startsWith('FULL'),
    forward: level.startsWith('FORWARD') || level.startsWith('FULL'),
    transitive: level.endsWith('_TRANSITIVE'),
  };
}
