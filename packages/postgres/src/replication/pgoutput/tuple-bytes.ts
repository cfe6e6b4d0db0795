/** A row within a message of pgoutput (TupleData): bytes until its values are asked for. */

/** Values by column: the server's text, null, or undefined for one that is stored apart and did not change. */
export type Tuple = readonly (string | null | undefined)[];

/** How a value comes: as text, as null, or not at all. */
export const valueTags = { text: 0x74, null: 0x6e, unsent: 0x75 } as const;

export class TupleBytes {
  /** Of the message, which may be kept. */
  readonly bytes: Buffer;
  /** Where the row begins: with the count of its columns, in two bytes. Its bounds have been looked at. */
  readonly at: number;
  /** Whether all values were sent. */
  readonly isWhole: boolean;

  constructor(bytes: Buffer, at: number, isWhole: boolean) {
    this.bytes = bytes;
    this.at = at;
    this.isWhole = isWhole;
  }

  /** The row in this form, from values. */
  static of(values: Tuple): TupleBytes {
    const room = values.reduce((sum, value) => sum + 5 + 3 * (value?.length ?? 0), 2);
    const bytes = Buffer.allocUnsafe(room);
    let at = bytes.writeUInt16BE(values.length, 0);
    for (const value of values) {
      if (value === undefined || value === null) {
        bytes[at++] = value === null ? valueTags.null : valueTags.unsent;
        continue;
      }
      bytes[at] = valueTags.text;
      const length = bytes.write(value, at + 5);
      bytes.writeUInt32BE(length, at + 1);
      at += 5 + length;
    }
    return new TupleBytes(bytes, 0, !values.includes(undefined));
  }

  /** Where a column's value begins, with its tag; undefined when the row has not so many. */
  placeOf(index: number): number | undefined {
    const { bytes } = this;
    if (index >= bytes.readUInt16BE(this.at)) return undefined;
    let at = this.at + 2;
    for (let i = 0; i < index; i++) at += bytes[at] === valueTags.text ? 5 + bytes.readUInt32BE(at + 1) : 1;
    return at;
  }

  values(): Tuple {
    const { bytes } = this;
    let { at } = this;
    const count = bytes.readUInt16BE(at);
    at += 2;
    // No holes: what was not sent is undefined, and there.
    const values: (string | null | undefined)[] = new Array(count).fill(undefined);
    for (let i = 0; i < count; i++) {
      const tag = bytes[at++];
      if (tag === valueTags.text) {
        const end = at + 4 + bytes.readUInt32BE(at);
        values[i] = bytes.toString('utf8', at + 4, end);
        at = end;
      } else if (tag === valueTags.null) {
        values[i] = null;
      }
    }
    return values;
  }
}
