/** The containers of compressed records. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Compression, compressions, compressSync, decompressSync } from '@millrace/wire';
import type { FuzzTarget } from '../fuzz-target.ts';
import { inputBytesMax } from '../mutate.ts';

const decompressedBytesMax = 256 * 1024;

const contents = ['', 'a', 'text '.repeat(400), Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 31) >> 3))]
  .concat('x'.repeat(100_000))
  .map((content) => Buffer.from(content));

/** An input is a byte that chooses the codec, then compressed bytes. */
export const compression: FuzzTarget = {
  name: 'compression',
  inputs: 40_000,
  seeds: () => {
    const own = compressions.flatMap((type, index) => {
      return contents.map((content) => tagged(index, compressSync(type, content)));
    });
    const url = new URL('../../../packages/wire/src/compression/foreign-frames.json', import.meta.url);
    const foreign: { compression: Compression; base64: string }[] = JSON.parse(readFileSync(url, 'utf8'));
    const others = foreign.map(({ compression: type, base64 }) => {
      return tagged(compressions.indexOf(type), Buffer.from(base64, 'base64'));
    });
    return [...own, ...others].filter(({ length }) => length <= inputBytesMax);
  },
  run(input) {
    const type = compressions[(input[0] ?? 0) % compressions.length] as Compression;
    const bytes = decompressSync(type, input.subarray(1), decompressedBytesMax);
    assert.ok(bytes.length <= decompressedBytesMax, `${type} gave ${bytes.length} bytes`);
    return `${type} ${bytes.length > 0}`;
  },
};

function tagged(index: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([index]), bytes]);
}
