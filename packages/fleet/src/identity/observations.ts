/**
 * What identities want to know of who uses what, apart from how it is seen. What nobody can see is undefined, and told
 * as unknown.
 */

/** That an application, or whoever it is, was seen to use a topic. */
export interface ObservedUse {
  readonly cluster: string;
  readonly topic: string;
  readonly role: 'producer' | 'consumer';
  /** What it was told by: a group's name, a transactional id, a client's own report, an authorizer's log. */
  readonly source: 'group' | 'transactional-id' | 'report' | 'authorizer';
  readonly group?: string | undefined;
  readonly transactionalId?: string | undefined;
  /** Where the source tells it: `User:orders.a`. */
  readonly principal?: string | undefined;
  readonly application?: string | undefined;
  /** Whether its connection was; undefined where the source does not tell. */
  readonly encrypted?: boolean | undefined;
  readonly lastSeenAt: Date;
}

export interface UseObservations {
  /** All uses, of all clusters. */
  uses(): readonly ObservedUse[];
  /** Since when a cluster's uses of a kind were watched without a gap; undefined where nothing can tell of them. */
  watchedSince(cluster: string, role: ObservedUse['role']): Date | undefined;
}

/** When a principal was last seen on a cluster; undefined when it never was, or nothing there tells principals. */
export function lastSeen(observations: UseObservations, principal: string): Date | undefined {
  const times = observations
    .uses()
    .filter((use) => use.principal === principal)
    .map(({ lastSeenAt }) => lastSeenAt.getTime());
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
