/** Takes the compression off a body that came over HTTP. Few bytes can claim gigabytes, so the result is bounded. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { ProblemError } from '@millrace/api';
import { uncompress } from 'snappy';

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  zstd: promisify(zstdDecompress),
  br: promisify(brotliDecompress),
  snappy: unpackSnappy,
};

/** `encoding`: the header Content-Encoding. @throws ProblemError */
export async function bodyBytes(
  body: unknown,
  encoding: string | undefined,
  unpackedBytesMax: number,
): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  if (!(body instanceof Uint8Array)) throw new ProblemError('malformed_request', 'the body did not come as bytes');
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') return body;
  const unpack = Object.hasOwn(unpackers, name) ? unpackers[name] : undefined;
  if (unpack === undefined) {
    throw new ProblemError(
      'unsupported_media_type',
      `bodies compressed as ${JSON.stringify(name)} are not taken here; use gzip, deflate, zstd or none`,
    );
  }
  try {
    return await unpack(body, { maxOutputLength: unpackedBytesMax });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      const megabytes = Math.floor(unpackedBytesMax / 2 ** 20);
      throw new ProblemError('payload_too_large', `the body unpacks to more than ${megabytes} MiB; send smaller ones`);
    }
    throw new ProblemError('malformed_request', `the body is not valid ${name}`, { cause: error });
  }
}

/** Snappy's block format begins with the length of what it unpacks to. */
async function unpackSnappy(
  bytes: Uint8Array,
  { maxOutputLength }: { readonly maxOutputLength: number },
): Promise<Buffer> {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  if (length > maxOutputLength) throw Object.assign(new Error('too large'), { code: 'ERR_BUFFER_TOO_LARGE' });
  return (await uncompress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))) as Buffer;
}
