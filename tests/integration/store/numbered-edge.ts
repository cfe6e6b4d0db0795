/** The edge of a number: all leave the same vertex, so that its list is split. */
import type { EdgeKey } from '@millrace/store';

export function numberedEdge(number: number): EdgeKey {
  return { from: 'hub', label: number % 3 === 0 ? 'thirds' : 'others', to: `v${number}` };
}
