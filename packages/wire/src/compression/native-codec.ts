import { createRequire } from 'node:module';
import { CompressionError } from './compression-error.ts';

/** Loads a codec's native module, at its first use, so that a platform without it loses that codec alone. */
export function loadNativeCodec<T>(compression: string, packageName: string): T {
  try {
    return createRequire(import.meta.url)(packageName) as T;
  } catch (error) {
    throw new CompressionError(
      'codec_unavailable',
      compression,
      `no ${compression} here: the package ${packageName} does not load on ${process.platform}-${process.arch}; ` +
        'install the dependencies again with optional ones included, or use zstd or gzip',
      { cause: error },
    );
  }
}
