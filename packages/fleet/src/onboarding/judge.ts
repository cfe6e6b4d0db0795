/** Thinks a request through and has the policies decide of it. Stores nothing. */
import { type Principal, ProblemError, type ProblemIssue } from '@millrace/api';
import type { AskedFor, ClusterFit, CostEstimate, PolicyVerdict, PolicyView } from '@millrace/api/fleet';
import { requireOn } from '../access/may-on.ts';
import { secretPlaces } from '../audit/secret-places.ts';
import { isStorable } from '../database/json.ts';
import { checkThing } from '../declared/check/check-fleet.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { DeclaredFleet } from '../record/record.ts';
import { decide, type Evaluates, effectivePolicies } from './policies/decide.ts';
import type { Draft } from './proposal/draft.ts';
import { FleetPicture } from './proposal/fleet-picture.ts';
import { policyView } from './proposal/policy-view.ts';
import { propose } from './proposal/propose.ts';
import { recordChanges } from './provisioning/record-changes.ts';
import type { SchemaRegistrar } from './schema-registrar.ts';

export interface Judged {
  readonly draft: Draft;
  readonly view: PolicyView;
  readonly verdict: PolicyVerdict;
  readonly capacity: readonly ClusterFit[];
  readonly cost: CostEstimate;
}

export interface JudgeOptions {
  readonly fleet: DeclaredFleet;
  readonly inventory: Pick<Inventory, 'cluster'>;
  readonly evaluator: Evaluates;
  readonly schemas?: SchemaRegistrar | undefined;
  readonly now: Date;
}

/**
 * @throws ProblemError `invalid_request` for what can't be done whoever decides; `forbidden` for whoever may not ask
 */
export async function judge(asked: AskedFor, principal: Principal, options: JudgeOptions): Promise<Judged> {
  const { fleet, inventory, evaluator, schemas, now } = options;
  refuse([
    ...secretPlaces(asked).map((field) => ({
      field: `/asked${field}`,
      message: 'is a secret, which has no place here',
    })),
    ...(isStorable(asked) ? [] : [{ field: '/asked', message: 'has the character NUL, or half of one' }]),
  ]);
  const picture = new FleetPicture(fleet, inventory, now);
  const draft = propose(asked, picture);
  refuse(draft.issues);
  refuse(unsoundOf(draft, fleet));
  requireOn(principal, 'request', { team: draft.team || undefined }, `the topic ${draft.topic.name}`);
  refuse(await schemaProblems(draft, schemas));
  const view = policyView(draft, principal, picture);
  const policies = effectivePolicies(fleet.list('policy').map(({ spec }) => spec));
  const verdict = await decide(policies, view, evaluator);
  const { before, monthly, calculation } = draft.cost;
  const cost = { before, monthly, change: monthly - before, lines: calculation.lines };
  return { draft, view, verdict, capacity: draft.capacity, cost };
}

/** What the record would not take, or no cluster. */
function unsoundOf({ proposal }: Draft, fleet: DeclaredFleet): ProblemIssue[] {
  return recordChanges(proposal, fleet).flatMap(({ kind, id, spec }) => {
    if (spec === null) return [];
    return checkThing(kind, spec).map(({ steps, message }) => {
      return { field: `/asked/${[kind, id, ...steps].join('/')}`, message };
    });
  });
}

async function schemaProblems({ proposal }: Draft, registrar: SchemaRegistrar | undefined): Promise<ProblemIssue[]> {
  const issues = await Promise.all(
    proposal.schemas.map(async (schema, index): Promise<ProblemIssue[]> => {
      const message = await registrar?.problem(schema.subject, schema);
      return message === undefined ? [] : [{ field: `/asked/schemas/${index}/schema`, message }];
    }),
  );
  return issues.flat();
}

function refuse(issues: readonly ProblemIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  const more = issues.length > 1 ? `, and ${issues.length - 1} more: see issues` : '';
  const name = first.field.split('/').slice(2).join('/') || 'the request';
  throw new ProblemError('invalid_request', `${name} ${first.message}${more}`, { issues });
}
