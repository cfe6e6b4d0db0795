/**
 * Which rotations are confirmed by what clients report: all instances of the application that are alive use the newest
 * credential and no other, and have said so since it was issued. Pure.
 */
import type { Credential } from '../../identity/credentials/credential-store.ts';
import type { Heard } from './client-kpis.ts';

/** Ids of credentials to confirm, by application. */
export function confirmedByReports(
  credentials: readonly Credential[],
  heard: readonly Heard[],
): ReadonlyMap<string, string> {
  const confirmed = new Map<string, string>();
  const live = credentials.filter(({ kind, endedAt }) => kind === 'scram' && endedAt === null);
  for (const [application, own] of Map.groupBy(live, (each) => each.application)) {
    const recent = own.at(-1);
    if (own.length < 2 || recent === undefined || recent.confirmedAt !== null) continue;
    const reports = heard.filter((each) => each.application === application);
    const uses = reports.map((each) => usesOnly(each, recent));
    if (uses.includes(true) && !uses.includes(false)) confirmed.set(application, recent.id);
  }
  return confirmed;
}

/** Undefined for an instance that logs in nowhere. */
function usesOnly({ at, report }: Heard, { id, issuedAt }: Credential): boolean | undefined {
  const used = report.streams.flatMap(({ credential }) => credential ?? []);
  if (used.length === 0) return undefined;
  return at > issuedAt && used.every((each) => each === id);
}
