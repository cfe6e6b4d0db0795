/** The part of a mirror's limit that is this worker's. */
import { InvalidOptionError } from '@millrace/client';
import { ByteLimit } from './byte-limit.ts';

/** Throws `InvalidOptionError` for what is no rate. */
export function checkRate(bytesPerSecondMax: number | undefined): void {
  if (bytesPerSecondMax !== undefined && !(bytesPerSecondMax > 0)) {
    throw new InvalidOptionError('bytesPerSecondMax', `must be more than 0; it is ${bytesPerSecondMax}`);
  }
}

/** An equal part of it, of as many workers as there are; they share the mirror so that each has as much to copy. */
export function sharedLimit(bytesPerSecondMax: number | undefined, workers: () => number): ByteLimit | undefined {
  if (bytesPerSecondMax === undefined) return undefined;
  return new ByteLimit(() => bytesPerSecondMax / Math.max(1, workers()));
}
