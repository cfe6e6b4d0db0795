/** Onboarding over HTTP. */
import { implement, ProblemError, type Route } from '@millrace/api';
import {
  approveRequestContract,
  collectCredentialsContract,
  commentRequestContract,
  createRequestContract,
  listRequestsContract,
  policiesContract,
  policyCheckContract,
  refuseRequestContract,
  showRequestContract,
  withdrawRequestContract,
} from '@millrace/api/fleet';
import { isStorable } from '../database/json.ts';
import type { FleetRecord } from '../record/record.ts';
import type { Onboarding } from './onboarding.ts';
import { decide, type Evaluates, effectivePolicies } from './policies/decide.ts';
import { expressionIssues } from './policies/expression.ts';
import type { RequestStore } from './request-store.ts';

export interface OnboardingRoutesParts {
  readonly onboarding: Onboarding;
  readonly store: RequestStore;
  readonly record: FleetRecord;
  /** Of policies that somebody tries. */
  readonly evaluator: Evaluates;
}

/** Checks of policies that go on or wait at a time; each takes seconds at most. */
const checksMax = 4;

export function onboardingRoutes(parts: OnboardingRoutesParts): Route[] {
  return [...requestRoutes(parts), ...policyRoutes(parts)];
}

function requestRoutes({ onboarding }: OnboardingRoutesParts): Route[] {
  return [
    implement(createRequestContract, ({ body, query, principal, header }) => {
      const asking = { principal, why: sayable(body.why ?? ''), idempotencyKey: keyIn(header('idempotency-key')) };
      return query.preview === true ? onboarding.preview(body.asked, asking) : onboarding.create(body.asked, asking);
    }),
    implement(listRequestsContract, ({ query, principal }) => {
      const { awaitsMe, ...filter } = query;
      return onboarding.list({ ...filter, ...(awaitsMe === true && { awaits: principal }) });
    }),
    implement(showRequestContract, ({ params, principal }) => onboarding.show(params.id, principal)),
    implement(approveRequestContract, ({ params, body, principal }) =>
      onboarding.approve(params.id, { principal, reason: sayable(body.reason ?? '') }),
    ),
    implement(refuseRequestContract, ({ params, body, principal }) =>
      onboarding.refuse(params.id, { principal, reason: sayable(body.reason) }),
    ),
    implement(withdrawRequestContract, ({ params, body, principal }) =>
      onboarding.withdraw(params.id, { principal, reason: sayable(body.reason ?? '') }),
    ),
    implement(collectCredentialsContract, async ({ params, principal, signal }) => {
      return { credentials: await onboarding.collect(params.id, principal, signal) };
    }),
    implement(commentRequestContract, ({ params, body, principal }) =>
      onboarding.comment(params.id, principal, sayable(body.text)),
    ),
  ];
}

function policyRoutes({ store, record, evaluator }: OnboardingRoutesParts): Route[] {
  let checks = 0;
  const declared = () =>
    record
      .current()
      .list('policy')
      .map(({ spec }) => spec);
  return [
    implement(policiesContract, () => ({ policies: effectivePolicies(declared()) })),
    implement(policyCheckContract, async ({ body }) => {
      const { policies, view, request } = body;
      const issues = policies.flatMap(({ name, when }) =>
        expressionIssues(when).map((message) => ({ policy: name, message })),
      );
      const on = view ?? (request === undefined ? undefined : (await store.get(request)).view);
      if (on === undefined) return { issues };
      const sound = policies.filter(({ name }) => !issues.some(({ policy }) => policy === name));
      if (checks >= checksMax) {
        const message = `${checksMax} checks of policies go on already; try again in a moment`;
        throw new ProblemError('rate_limited', message, { retryAfterSeconds: 2 });
      }
      checks += 1;
      try {
        return { issues, verdict: await decide(sound, on, evaluator) };
      } finally {
        checks -= 1;
      }
    }),
  ];
}

/** What PostgreSQL can't store is refused, not changed. */
function sayable(text: string): string {
  if (isStorable(text)) return text;
  throw new ProblemError('invalid_request', 'a text has the character NUL, or half of one');
}

function keyIn(key: string | undefined): string | undefined {
  if (key === undefined || (key.length > 0 && key.length <= 200 && /^[\x20-\x7e]+$/.test(key))) return key;
  throw new ProblemError('invalid_request', 'an Idempotency-Key has 1 to 200 printable ASCII characters');
}
