/** All findings of a fleet, worst first. Pure: the same observation gives the same. */
import type { Finding } from '@millrace/api/fleet';
import { aclFindings } from './acl-findings.ts';
import { certificateFindings } from './certificate-findings.ts';
import { credentialFindings } from './credential-findings.ts';
import { encryptionFindings } from './encryption.ts';
import { type FindingDraft, type FindingsInput, findingId } from './finding.ts';
import { useFindings } from './use-findings.ts';

const ranks: Readonly<Record<Finding['severity'], number>> = { high: 0, medium: 1, low: 2 };

export function allFindings(input: FindingsInput): Finding[] {
  const drafts = [aclFindings, credentialFindings, certificateFindings, encryptionFindings, useFindings].flatMap(
    (find) => find(input),
  );
  const clusters = new Map(input.clusters.map((cluster) => [cluster.name, cluster]));
  const finding = ({ key, ...draft }: FindingDraft): Finding => {
    const seen = draft.cluster === null ? undefined : clusters.get(draft.cluster);
    const team = draft.application === null ? undefined : input.fleet.get('application', draft.application)?.spec.team;
    return {
      id: findingId(draft.kind, key),
      ...draft,
      team: team ?? null,
      observedAt: (draft.cluster === null ? input.now : seen?.observedAt)?.toISOString() ?? null,
      stale: seen?.stale ?? false,
    };
  };
  return drafts.map(finding).sort(compare);
}

function compare(one: Finding, other: Finding): number {
  const rank = ranks[one.severity] - ranks[other.severity];
  if (rank !== 0) return rank;
  const [left, right] = [textOf(one), textOf(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function textOf({ kind, cluster, text, id }: Finding): string {
  return [kind, cluster ?? '', text, id].join(' ');
}
