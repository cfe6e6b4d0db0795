/**
 * Who an application is to its clusters: two users that take turns, so that one login is valid while the other is
 * replaced, and the principals that are declared besides.
 */
import type { Application } from '@millrace/api/declared';

export type Slot = 'a' | 'b';

export const slots: readonly Slot[] = ['a', 'b'];

/** The name with which it logs in: `orders.a`. */
export function userOf(application: string, slot: Slot): string {
  return `${application}.${slot}`;
}

/** As ACLs have it: `User:orders.a`. */
export function principalOf(application: string, slot: Slot): string {
  return `User:${userOf(application, slot)}`;
}

export function otherSlot(slot: Slot): Slot {
  return slot === 'a' ? 'b' : 'a';
}

/** The user of `User:orders.a`; undefined for other types of principals. */
export function userOfPrincipal(principal: string): string | undefined {
  return principal.startsWith('User:') ? principal.slice('User:'.length) : undefined;
}

/** All its principals, those that take turns first. */
export function principalsOf({ name, principals = [] }: Pick<Application, 'name' | 'principals'>): string[] {
  return [...new Set([...slots.map((slot) => principalOf(name, slot)), ...principals])];
}
