/** The bytes before a value that has a schema: a zero, and the schema's id in four bytes (Confluent's wire format). */

const headerBytes = 5;

/** The value's bytes with the header before them. */
export function withSchemaId(id: number, value: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(headerBytes + value.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(id, 1);
  bytes.set(value, headerBytes);
  return bytes;
}

/** Takes the header off. @throws TypeError for bytes that have none. */
export function splitSchemaId(bytes: Uint8Array): { readonly id: number; readonly value: Buffer } {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < headerBytes || view[0] !== 0) {
    throw new TypeError('it does not begin with a zero and the id of a schema; was it written without a registry?');
  }
  return { id: view.readUInt32BE(1), value: view.subarray(headerBytes) };
}
