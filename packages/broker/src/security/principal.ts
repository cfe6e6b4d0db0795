/** Who a connection speaks for. */

/** A Kafka principal: `User:alice`. */
export interface Principal {
  readonly type: string;
  readonly name: string;
}

/** Whoever comes through a listener that authenticates nobody. */
export const anonymous: Principal = { type: 'User', name: 'ANONYMOUS' };

/** `User:alice`, as access control entries and `super.users` name it. */
export function principalText({ type, name }: Principal): string {
  return `${type}:${name}`;
}
