/** What columns a row has and how its values are written, as far as events tell. */
import type { Writer } from '../values/written-value.ts';

export interface ShapeColumn {
  readonly name: string;
  /** What stays when the column gets another name: its number in the source's table. */
  readonly id?: number | undefined;
  /** As SQL writes it: `numeric(10,2)`. */
  readonly type: string;
  /** Where the target has no such type: of an enum `text`, of a domain what is below it. */
  readonly fallbackType?: string | undefined;
  /** An expression of rows that were there before the column; only where it is the same for all of them. */
  readonly defaultText?: string | undefined;
  readonly write: Writer;
}

export interface RowShape {
  readonly columns: ReadonlyMap<string, ShapeColumn>;
  /** Columns of the key, in their order; undefined where the event's own key tells. */
  readonly key?: readonly string[] | undefined;
  /** Rises with each change of the table; undefined where events do not tell of columns that go or get other names. */
  readonly version?: number | undefined;
}
