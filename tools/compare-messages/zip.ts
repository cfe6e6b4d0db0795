/**
 * Reads files out of a zip archive (and so out of a jar) in memory: stored and deflated ones, no encryption, no zip64.
 */
import { inflateRawSync } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const ENTRY_SIGNATURE = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;

/**
 * The files of `archive` whose name is `wanted`, in the archive's order.
 *
 * @throws Error when the bytes are no such archive
 */
export function readZip(archive: Buffer, wanted: (name: string) => boolean): [name: string, bytes: Buffer][] {
  const end = endOf(archive);
  const count = archive.readUInt16LE(end + 10);
  const files: [string, Buffer][] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(at) !== ENTRY_SIGNATURE) throw new Error(`The archive's entry ${index} is damaged.`);
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    if (wanted(name)) files.push([name, contentOf(archive, at, name)]);
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}

/** The end record lies last, before a comment of unknown length. */
function endOf(archive: Buffer): number {
  for (let at = archive.length - END_BYTES; at >= 0; at--) {
    if (archive.readUInt32LE(at) === END_SIGNATURE) return at;
  }
  throw new Error('The file is no zip archive.');
}

function contentOf(archive: Buffer, entry: number, name: string): Buffer {
  const method = archive.readUInt16LE(entry + 10);
  const packedBytes = archive.readUInt32LE(entry + 20);
  const local = archive.readUInt32LE(entry + 42);
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (method === STORED) return packed;
  if (method === DEFLATED) return inflateRawSync(packed);
  throw new Error(`The archive holds ${name} in a compression (${method}) that is not read here.`);
}
