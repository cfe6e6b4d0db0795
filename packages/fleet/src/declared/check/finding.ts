/** Something wrong with a part of what is declared. */
export interface Finding {
  /** The way to it: `['topics', 3, 'configs', 'retention.ms']`. */
  readonly steps: readonly (string | number)[];
  /** To be read after the way: `is required`. Never holds a secret. */
  readonly message: string;
}

/** A finding below the thing that is being checked: its steps come after those of the thing. */
export type Complain = (steps: Finding['steps'], message: string) => void;

/** The steps of a JSON Pointer (RFC 6901). */
export function stepsOfPointer(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer of steps. */
export function pointerOf(steps: Finding['steps']): string {
  return steps.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
