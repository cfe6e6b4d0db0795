/**
 * Decides by access control entries exactly as Apache Kafka's StandardAuthorizer: super users may everything; an entry
 * that denies wins over one that allows; what no entry allows is denied, but where no entry is about the resource at
 * all `allow.everyone.if.no.acl.found` decides.
 */
import type { Authorizer, Operation, ResourceType } from '../authorization.ts';
import { type Principal, principalText } from '../principal.ts';
import {
  type Acl,
  allOperations,
  operationNumbers,
  patternTypes,
  permissions,
  resourceTypeNumbers,
  wildcard,
} from './acl.ts';
import type { AclIndex } from './acl-index.ts';

export interface StandardAuthorizerOptions {
  readonly acls: AclIndex;
  /** `Type:name` each. */
  readonly superUsers: ReadonlySet<string>;
  readonly allowIfNoAcl: () => boolean;
}

/** Operations whose permission includes the one of the key. */
const impliedBy: ReadonlyMap<number, readonly number[]> = new Map([
  [
    operationNumbers.Describe,
    [operationNumbers.Read, operationNumbers.Write, operationNumbers.Delete, operationNumbers.Alter],
  ],
  [operationNumbers.DescribeConfigs, [operationNumbers.AlterConfigs]],
]);

export class StandardAuthorizer implements Authorizer {
  readonly #options: StandardAuthorizerOptions;
  /** Texts of principals, each made once. */
  readonly #texts = new WeakMap<Principal, string>();

  constructor(options: StandardAuthorizerOptions) {
    this.#options = options;
  }

  allows(principal: Principal, host: string, operation: Operation, type: ResourceType, name: string): boolean {
    const { acls, superUsers, allowIfNoAcl } = this.#options;
    const text = this.#textOf(principal);
    if (superUsers.has(text)) return true;
    const asked = operationNumbers[operation];
    let isAllowed = false;
    const isNamed = acls.about(resourceTypeNumbers[type], name, text, (acl) => {
      if (acl.host !== wildcard && acl.host !== host) return false;
      if (acl.permissionType === permissions.deny) return acl.operation === asked || acl.operation === allOperations;
      isAllowed ||= grants(acl.operation, asked);
      return false;
    });
    if (isNamed === undefined) return false;
    return isNamed ? isAllowed : allowIfNoAcl();
  }

  /** Whether the principal may do this to at least one resource of the type (KIP-679). */
  allowsAny(principal: Principal, host: string, operation: Operation, type: ResourceType): boolean {
    // Says yes to super users, and where nobody has an entry.
    if (this.allows(principal, host, operation, type, 'hardcode')) return true;
    const asked = operationNumbers[operation];
    const allowed: Acl[] = [];
    const deniedNames = new Set<string>();
    const deniedPrefixes = new Set<string>();
    for (const acl of this.#options.acls.ofType(resourceTypeNumbers[type], this.#textOf(principal))) {
      if (acl.host !== wildcard && acl.host !== host) continue;
      if (acl.operation !== asked && acl.operation !== allOperations) continue;
      if (acl.permissionType === permissions.allow) allowed.push(acl);
      else if (acl.patternType === patternTypes.prefixed) deniedPrefixes.add(acl.resourceName);
      else if (acl.resourceName === wildcard) return false;
      else deniedNames.add(acl.resourceName);
    }
    return allowed.some(({ patternType, resourceName }) => {
      if (patternType === patternTypes.literal) {
        if (resourceName === wildcard) return true;
        if (deniedNames.has(resourceName)) return false;
      }
      return !isDominated(resourceName, deniedPrefixes);
    });
  }

  #textOf(principal: Principal): string {
    let text = this.#texts.get(principal);
    if (text === undefined) {
      text = principalText(principal);
      this.#texts.set(principal, text);
    }
    return text;
  }
}

function grants(granted: number, asked: number): boolean {
  return granted === asked || granted === allOperations || (impliedBy.get(asked)?.includes(granted) ?? false);
}

/** Whether all that a name or prefix stands for is denied by a prefix. */
function isDominated(name: string, deniedPrefixes: ReadonlySet<string>): boolean {
  for (const prefix of deniedPrefixes) if (name.startsWith(prefix)) return true;
  return false;
}
