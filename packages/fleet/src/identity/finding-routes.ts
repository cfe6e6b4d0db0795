/** The routes of findings. */
import { implement, ProblemError, type Route } from '@millrace/api';
import { encryptionContract, Finding, FindingKind, listFindingsContract } from '@millrace/api/fleet';
import { encryptionViews } from './findings/encryption.ts';
import type { IdentityService } from './identity-service.ts';
import { limitDefault, pageAfter } from './pages.ts';

export function findingRoutes(service: IdentityService): Route[] {
  return [
    implement(listFindingsContract, async ({ query }) => {
      const { limit = limitDefault, cursor, kind, severity, ...exact } = query;
      const kinds = wordsOf('kind', kind, findingKinds);
      const severities = wordsOf('severity', severity, severitiesKnown);
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

const findingKinds: readonly string[] = FindingKind.anyOf.map((each) => each.const);
const severitiesKnown: readonly string[] = Finding.properties.severity.anyOf.map((each) => each.const);

/** Words that are separated by commas. One that does not exist is a mistake, and no list without findings. */
function wordsOf(what: string, text: string | undefined, known: readonly string[]): readonly string[] | undefined {
  const words = text?.split(',');
  const odd = words?.find((word) => !known.includes(word));
  if (odd === undefined) return words;
  const told = `there are no findings of the ${what} ${JSON.stringify(odd)}; there are ${known.join(', ')}`;
  throw new ProblemError('invalid_request', told);
}

function matches(
  finding: Finding,
  exact: { readonly [Field in 'cluster' | 'application' | 'team']?: string | undefined },
): boolean {
  return (['cluster', 'application', 'team'] as const).every(
    (field) => exact[field] === undefined || finding[field] === exact[field],
  );
}
