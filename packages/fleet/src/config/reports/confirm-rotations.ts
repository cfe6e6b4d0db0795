/**
 * Which rotations are confirmed by what clients report: all instances of the application that are known use the newest
 * credential of its kind and no older one, and have said so since it was issued. One that was not heard of for a while
 * may work on all the same, so it has its vote until it is forgotten, or said last that it has no streams. Pure.
 */
import type { Credential } from '../../identity/credentials/credential-store.ts';
import type { Heard } from './client-kpis.ts';

/** Credentials to confirm. */
export function confirmedByReports(credentials: readonly Credential[], heard: readonly Heard[]): readonly Credential[] {
  const confirmed: Credential[] = [];
  const live = credentials.filter(({ endedAt }) => endedAt === null);
  for (const [application, own] of Map.groupBy(live, (each) => each.application)) {
    const reports = heard.filter((each) => each.application === application);
    for (const [kind, valid] of Map.groupBy(own, (each) => each.kind)) {
      const recent = valid.at(-1);
      if (valid.length < 2 || recent === undefined || recent.confirmedAt !== null) continue;
      const others = new Set(own.filter((each) => each.kind !== kind).map(({ id }) => id));
      const uses = reports.map((each) => usesOnly(each, recent, others));
      if (uses.includes(true) && !uses.includes(false)) confirmed.push(recent);
    }
  }
  return confirmed;
}

/** Undefined for an instance that logs in nowhere, but for logins of other kinds. */
function usesOnly(
  { at, report }: Heard,
  { id, issuedAt }: Credential,
  others: ReadonlySet<string>,
): boolean | undefined {
  const used = report.streams
    .flatMap(({ credential, otherCredentials = [] }) => [
      ...otherCredentials,
      ...(credential === undefined ? [] : [credential]),
    ])
    .filter((each) => !others.has(each));
  if (used.length === 0) return undefined;
  return at > issuedAt && used.every((each) => each === id);
}
