/** A client that fails where it makes a salt, which it does for each password that it writes to a cluster. */
import { ProblemError } from '@millrace/api';
import { nodePlatform, type Platform, systemRandomness } from '@millrace/base';

const saltBytes = 24;

export class FailingSalts {
  /** How often it fails from here on. */
  failures = 0;
  readonly platform: Platform = {
    ...nodePlatform,
    randomness: {
      ...systemRandomness,
      bytes: (length) => {
        if (length === saltBytes && this.failures-- > 0) throw new ProblemError('unavailable', 'the cluster is away');
        return systemRandomness.bytes(length);
      },
    },
  };
}
