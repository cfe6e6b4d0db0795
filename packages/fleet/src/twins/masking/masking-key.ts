/**
 * The key under which records are masked: it follows from the control plane's own, so it is the same as long as that.
 */
import { openSealingKey } from '../../identity/secrets/sealing-key.ts';

/** Reads the control plane's key file at the first call, or makes it. */
export function maskingKeyOf(keyFile: string): () => Promise<Uint8Array> {
  let key: Uint8Array | undefined;
  return async () => {
    key ??= (await openSealingKey(keyFile)).derive('masking of records');
    return key;
  };
}
