/**
 * What policies decide of a request: the strictest of those that speak, and a person where none does. What can't be
 * evaluated asks a person and says why.
 */
import type { Policy } from '@millrace/api/declared';
import type { Decision, EffectivePolicy, PolicySaying, PolicyVerdict, PolicyView } from '@millrace/api/fleet';
import { builtInPolicies } from './built-in-policies.ts';
import type { Evaluation } from './policy-evaluator.ts';

export interface Evaluates {
  evaluate(when: string, view: PolicyView): Promise<Evaluation>;
}

/** Of all policies together, in ms; those that have had no turn by then ask a person. */
const totalMs = 20_000;

/** Those that are declared, then those that come with Millrace and are not replaced. */
export function effectivePolicies(declared: readonly Policy[]): EffectivePolicy[] {
  const names = new Set(declared.map(({ name }) => name));
  return [
    ...declared.map((policy) => ({ ...policy, builtIn: false })),
    ...builtInPolicies.filter(({ name }) => !names.has(name)).map((policy) => ({ ...policy, builtIn: true })),
  ];
}

export async function decide(
  policies: readonly Policy[],
  view: PolicyView,
  evaluator: Evaluates,
  now: () => number = () => performance.now(),
): Promise<PolicyVerdict> {
  const sayings: PolicySaying[] = [];
  const begun = now();
  for (const policy of policies) {
    const evaluation =
      now() - begun > totalMs
        ? { failure: `all policies together took longer than ${totalMs} ms` }
        : await evaluator.evaluate(policy.when, view);
    const saying = sayingOf(policy, evaluation);
    if (saying !== undefined) sayings.push(saying);
  }
  sayings.sort((a, b) => strictness[a.decision] - strictness[b.decision]);
  return { decision: sayings[0]?.decision ?? 'ask', sayings };
}

const strictness: Readonly<Record<Decision, number>> = { refuse: 0, ask: 1, approve: 2 };

function sayingOf({ name, decision, message }: Policy, evaluation: Evaluation): PolicySaying | undefined {
  if ('failure' in evaluation) {
    const why = `it can't be evaluated, so a person decides: ${evaluation.failure}`;
    return { policy: name, decision: 'ask', message: why, failed: true };
  }
  if (!evaluation.holds) return undefined;
  return { policy: name, decision, message: message ?? `the policy ${name} says so` };
}
