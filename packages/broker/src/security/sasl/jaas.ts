/**
 * The users that a JAAS configuration of Kafka's PLAIN module names, as in
 * `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret";`. Everything else of JAAS is
 * Java's and passed over.
 */

const optionShape = /([^\s="';]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))/g;
const userPrefix = 'user_';

/** Passwords by user name. */
export function plainUsersOf(jaas: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const [, name = '', double, single, bare] of jaas.matchAll(optionShape)) {
    if (!name.startsWith(userPrefix)) continue;
    const value = (double ?? single)?.replace(/\\(.)/g, '$1') ?? bare ?? '';
    users.set(name.slice(userPrefix.length), value);
  }
  return users;
}
