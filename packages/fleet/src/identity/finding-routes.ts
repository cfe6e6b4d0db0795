/** The routes of findings. */
import { implement, type Route } from '@millrace/api';
import { encryptionContract, type Finding, listFindingsContract } from '@millrace/api/fleet';
import { encryptionViews } from './findings/encryption.ts';
import type { IdentityService } from './identity-service.ts';
import { limitDefault, pageAfter } from './pages.ts';

export function findingRoutes(service: IdentityService): Route[] {
  return [
    implement(listFindingsContract, async ({ query }) => {
      const { limit = limitDefault, cursor, kind, severity, ...exact } = query;
      const kinds = kind?.split(',');
      const severities = severity?.split(',');
      const found = (await service.findings()).filter(
        (finding) =>
          (kinds?.includes(finding.kind) ?? true) &&
          (severities?.includes(finding.severity) ?? true) &&
          matches(finding, exact),
      );
      return pageAfter(found, ({ id }) => id, { limit, cursor });
    }),
    implement(encryptionContract, async ({ query }) => {
      const views = encryptionViews(await service.findingsInput());
      return { items: views.filter(({ cluster }) => query.cluster === undefined || cluster === query.cluster) };
    }),
  ];
}

function matches(
  finding: Finding,
  exact: { readonly [Field in 'cluster' | 'application' | 'team']?: string | undefined },
): boolean {
  return (['cluster', 'application', 'team'] as const).every(
    (field) => exact[field] === undefined || finding[field] === exact[field],
  );
}
