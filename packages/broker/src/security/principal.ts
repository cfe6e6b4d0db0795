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

/** The principal of a text `Type:name`, or undefined when it is none. */
export function parsePrincipal(text: string): Principal | undefined {
  const colon = text.indexOf(':');
  return colon < 1 || colon === text.length - 1
    ? undefined
    : { type: text.slice(0, colon), name: text.slice(colon + 1) };
}
