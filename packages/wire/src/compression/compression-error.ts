import { MillraceError } from '@millrace/base';

/**
 * Compressed bytes that could not be decompressed, or not within the limit; or a codec that is not here. The same bytes
 * fail again, so none is retriable.
 */
export class CompressionError extends MillraceError {
  readonly code: 'corrupt_compression' | 'decompressed_too_large' | 'unsupported_compression' | 'codec_unavailable';
  /** Name of the codec, or the id that none has. */
  readonly compression: string;

  constructor(
    code: CompressionError['code'],
    compression: string,
    message: string,
    options: { cause?: unknown; hint?: string } = {},
  ) {
    super(message, options);
    this.code = code;
    this.compression = compression;
  }
}

/** The bytes are not what the codec writes. */
export function corruptCompression(compression: string, what: string, cause?: unknown): CompressionError {
  return new CompressionError(
    'corrupt_compression',
    compression,
    `${compression} data is corrupt: ${what}; fetch it again, or check what produced it`,
    { cause },
  );
}

/** The bytes would decompress to more than the caller allows. */
export function decompressedTooLarge(compression: string, bytesMax: number, cause?: unknown): CompressionError {
  return new CompressionError(
    'decompressed_too_large',
    compression,
    `${compression} data decompresses to more than the allowed ${bytesMax} bytes; raise the limit if that is meant`,
    { cause },
  );
}
