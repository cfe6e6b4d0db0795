/**
 * Which operations have results, and which result of a bin is told: that of the last operation on it, if it has one.
 */
import type { Operation } from './operation.ts';

const silent = new Set<Operation['type']>([
  'write',
  'add',
  'append',
  'prepend',
  'touch',
  'list.order',
  'list.set',
  'list.clear',
  'map.clear',
]);

export function hasResult({ type }: Operation): boolean {
  return !silent.has(type);
}

/** The last operation on each bin. */
export function lastOfBins(operations: readonly Operation[]): Map<string, Operation> {
  const last = new Map<string, Operation>();
  for (const operation of operations) if (operation.type !== 'touch') last.set(operation.bin, operation);
  return last;
}
