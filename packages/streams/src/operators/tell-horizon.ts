/** What a record takes along through a repartition topic besides its key and value. */
import type { HeadersInput } from '@millrace/client';
import type { Cursor } from '../task/cursor.ts';
import type { OperatorContext } from '../task/operator-context.ts';
import { horizonHeaders } from '../task/upstream-times.ts';

/** Headers that say by which stream time the record is late, where it may be. */
export function tellHorizon(context: OperatorContext, record: Cursor): HeadersInput | undefined {
  const horizon = context.horizonOf(record);
  return horizon > record.timestamp ? horizonHeaders(horizon) : undefined;
}
