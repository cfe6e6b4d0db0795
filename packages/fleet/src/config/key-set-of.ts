import { ProblemError } from '@millrace/api';
import type { ConfigKeySet } from '@millrace/api/config';

/** What a set of keys of our own says, whose signature need not be looked at. */
export function keySetOf(signed: string | undefined): ConfigKeySet {
  if (signed === undefined) throw new ProblemError('unavailable', 'the config service has no keys to sign with yet');
  return JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString()) as ConfigKeySet;
}
