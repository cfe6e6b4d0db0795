/**
 * Which message of a Protobuf schema a value is, as it stands between the schema's id and the value: how many indexes,
 * then one for each level of nesting, all of them zigzag varints. A single zero stands for the first message of the
 * file (Confluent's wire format).
 */

/** Deeper nesting than anybody has. */
const depthMax = 64;

/** The message's bytes with the indexes before them. */
export function withMessageIndexes(indexes: readonly number[], message: Uint8Array): Uint8Array {
  const isFirst = indexes.length === 1 && indexes[0] === 0;
  const header = isFirst ? [0] : [indexes.length, ...indexes].flatMap(varint);
  return Buffer.concat([Uint8Array.from(header), message]);
}

/** Takes the indexes off. @throws TypeError for bytes that have none. */
export function splitMessageIndexes(bytes: Buffer): { readonly indexes: readonly number[]; readonly message: Buffer } {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new TypeError('it ends within the indexes of its message');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new TypeError('the indexes of its message are larger than any message has');
  };
  const count = next();
  if (count < 0 || count > depthMax) throw new TypeError(`${count} is no number of indexes of a message`);
  const indexes = count === 0 ? [0] : Array.from({ length: count }, next);
  return { indexes, message: bytes.subarray(at) };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value * 2;
  for (; rest >= 0x80; rest = Math.trunc(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return bytes;
}
