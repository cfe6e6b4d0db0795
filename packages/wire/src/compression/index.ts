export {
  type Compression,
  compress,
  compressionId,
  compressionOfId,
  compressions,
  compressSync,
  decompress,
  decompressSync,
  stayOnThread,
} from './compression.ts';
export { CompressionError } from './compression-error.ts';
