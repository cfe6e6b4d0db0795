/** The rules that a failover puts on the source's topics. */
import type { AclBinding } from '@millrace/client';

/** Keeps everybody from writing to a topic. */
export function fenceOf(topic: string): AclBinding {
  return {
    resourceType: 'topic',
    resourceName: topic,
    patternType: 'literal',
    principal: 'User:*',
    host: '*',
    operation: 'write',
    permission: 'deny',
  };
}

/** What an opening allows, one rule each, which together tell that they are one. */
const openedOperations = ['read', 'describe-configs', 'alter', 'alter-configs', 'delete'] as const;

/** Leave a topic that had no rules, and was open to all for that, open for all else beside its fence. */
export function openingOf(topic: string): AclBinding[] {
  return openedOperations.map((operation) => ({ ...fenceOf(topic), operation, permission: 'allow' }));
}

export function isFence(rule: AclBinding): boolean {
  return isEqual(rule, fenceOf(rule.resourceName));
}

/** Whether the rule is there beside a fence only. */
export function isOpening(rule: AclBinding, rules: readonly AclBinding[]): boolean {
  const { resourceName } = rule;
  const opening = openingOf(resourceName);
  if (!opening.some((each) => isEqual(each, rule))) return false;
  return [fenceOf(resourceName), ...opening].every((needed) => rules.some((each) => isEqual(each, needed)));
}

function isEqual(left: AclBinding, right: AclBinding): boolean {
  return (Object.keys(right) as (keyof AclBinding)[]).every((name) => left[name] === right[name]);
}
