/** Users' SCRAM credentials as an admin sees them, apart from how that is done (KIP-554). */
import type { ScramMechanism } from '@millrace/wire';
import type { AdminCallOptions, ItemResult } from '../admin.ts';

export interface UserName {
  readonly user: string;
}

export interface ScramCredentialListing {
  readonly mechanism: ScramMechanism;
  readonly iterations: number;
}

export type ScramCredentialChange =
  | {
      readonly user: string;
      readonly mechanism: ScramMechanism;
      /** Never leaves this process: what is sent is salted and hashed, but as good as it, so send it over TLS. */
      readonly password: string;
      /** 4,096 to 16,384, default 8,192. */
      readonly iterations?: number | undefined;
    }
  | { readonly user: string; readonly mechanism: ScramMechanism; readonly delete: true };

export interface CredentialAdmin {
  /** Of these users, or of all that have some. */
  describeScramCredentials(
    users?: readonly string[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<UserName, { readonly credentials: readonly ScramCredentialListing[] }>[]>;
  /** One result for each user, in the order in which they first appear; an error ends the changes of its user. */
  alterScramCredentials(
    changes: readonly ScramCredentialChange[],
    options?: AdminCallOptions,
  ): Promise<ItemResult<UserName>[]>;
}
