/**
 * What the registry refuses, in the codes of Confluent's REST dialect: five digits whose first three are the HTTP
 * status, or three that are the status itself. Clients tell errors apart by these numbers, so that they never change.
 */
import { MillraceError } from '@millrace/base';

/** Every refusal by its name here, with its code in the dialect. */
export const registryErrorCodes = {
  invalid_request: 422,
  incompatible_schema: 409,
  subject_not_found: 40401,
  version_not_found: 40402,
  schema_not_found: 40403,
  subject_soft_deleted: 40404,
  subject_not_soft_deleted: 40405,
  version_soft_deleted: 40406,
  version_not_soft_deleted: 40407,
  subject_compatibility_not_configured: 40408,
  subject_mode_not_configured: 40409,
  invalid_schema: 42201,
  invalid_version: 42202,
  invalid_compatibility_level: 42203,
  invalid_mode: 42204,
  operation_not_permitted: 42205,
  reference_exists: 42206,
  id_taken: 42207,
  invalid_subject: 42208,
  store_failed: 50001,
  store_timed_out: 50002,
  home_unreachable: 50003,
} as const;

export type RegistryErrorCode = keyof typeof registryErrorCodes;

const retriableCodes: ReadonlySet<RegistryErrorCode> = new Set(['store_failed', 'store_timed_out', 'home_unreachable']);

/** A request that the registry can't do, with the code that clients of the dialect know. */
export class RegistryError extends MillraceError {
  readonly code: RegistryErrorCode;
  override readonly retriable: boolean;
  /** `error_code` of the answer. */
  readonly errorCode: number;
  /** HTTP status of the answer. */
  readonly status: number;

  constructor(code: RegistryErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.retriable = retriableCodes.has(code);
    this.errorCode = registryErrorCodes[code];
    this.status = this.errorCode < 1000 ? this.errorCode : Math.trunc(this.errorCode / 100);
  }
}

/** A text that is no schema of its type, or one of its references can't be found. */
export function invalidSchema(detail: string, cause?: unknown): RegistryError {
  return new RegistryError('invalid_schema', `Invalid schema: ${detail}`, { cause });
}
