/** What traversals read from. */
import type { Clock } from '@millrace/base';
import type { RecordStore } from '../../records/record-store.ts';
import type { LabelNumbers } from '../layout/label-numbers.ts';
import type { Places } from '../layout/places.ts';
import type { PatienceOptions } from '../write/patience.ts';

export interface TraversalSource extends PatienceOptions {
  readonly store: RecordStore;
  readonly places: Places;
  readonly labels: LabelNumbers;
  readonly clock: Clock;
}
