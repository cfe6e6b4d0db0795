/** What may be done to what, in words, with Kafka's numbers; and the error of who may not. */
import { errorCodes, KafkaError } from '@millrace/wire';

export const operationIds = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  'cluster-action': 9,
  'describe-configs': 10,
  'alter-configs': 11,
  'idempotent-write': 12,
  'create-tokens': 13,
  'describe-tokens': 14,
  'two-phase-commit': 15,
} as const;

export type AclOperation = keyof typeof operationIds;

export const resourceTypeIds = {
  topic: 2,
  group: 3,
  cluster: 4,
  'transactional-id': 5,
  'delegation-token': 6,
  user: 7,
} as const;

export type AclResourceType = keyof typeof resourceTypeIds;

/** What a request needs the principal to be allowed. */
export interface NeededAccess {
  readonly operation: AclOperation;
  readonly resourceType: AclResourceType;
  readonly resourceName: string;
}

/** A broker did not let this client's principal do something. The same request fails until an ACL is granted. */
export class AuthorizationError extends KafkaError {
  override readonly code = 'authorization_failed';
  /** Undefined when the broker's answer does not tell. */
  readonly operation: AclOperation | undefined;
  readonly resourceType: AclResourceType;
  readonly resourceName: string | undefined;

  constructor(errorCode: number, action: string, detail: string | null | undefined, needed: Partial<NeededAccess>) {
    const resourceType = needed.resourceType ?? deniedTypes.get(errorCode) ?? 'cluster';
    const what = `${needed.operation ?? 'access'} on ${resourceType} ${needed.resourceName ?? ''}`.trimEnd();
    super(errorCode, action, `${detail ? `${detail}; ` : ''}it needs ${what}: grant it by an ACL to who logs in here`);
    this.operation = needed.operation;
    this.resourceType = resourceType;
    this.resourceName = needed.resourceName;
  }
}

const deniedTypes: ReadonlyMap<number, AclResourceType> = new Map([
  [errorCodes.TOPIC_AUTHORIZATION_FAILED, 'topic'],
  [errorCodes.GROUP_AUTHORIZATION_FAILED, 'group'],
  [errorCodes.CLUSTER_AUTHORIZATION_FAILED, 'cluster'],
  [errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'transactional-id'],
  [errorCodes.DELEGATION_TOKEN_AUTHORIZATION_FAILED, 'delegation-token'],
]);

/**
 * The error of a broker's answer. `action` says what was tried, to what; `detail` is the broker's own message; `needed`
 * what the request needs, for the case that it was denied.
 */
export function answerError(
  errorCode: number,
  action: string,
  detail?: string | null,
  needed?: NeededAccess,
): KafkaError {
  const deniedType = deniedTypes.get(errorCode);
  if (deniedType === undefined) return new KafkaError(errorCode, action, detail);
  // A request may need several things; what was denied is of the type that the code tells.
  const fits = needed?.resourceType === deniedType;
  return new AuthorizationError(errorCode, action, detail, fits ? needed : { resourceType: deniedType });
}

/** The operations of a bit field; undefined when the broker was not asked for them. */
export function operationsOf(bits: number): AclOperation[] | undefined {
  if (bits === -(2 ** 31)) return undefined;
  return (Object.keys(operationIds) as AclOperation[]).filter((name) => (bits & (1 << operationIds[name])) !== 0);
}
