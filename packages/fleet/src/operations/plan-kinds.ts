/** The kinds of plans that this process knows, and what is checked of each plan before anybody sees it. */
import { createHash, randomBytes } from 'node:crypto';
import { type Checker, compileChecker, mayAnywhere, type Principal, ProblemError } from '@millrace/api';
import { assert } from '@millrace/base';
import type { TSchema } from 'typebox';
import { canonicalJson } from '../audit/canonical-json.ts';
import { secretPlaces } from '../audit/secret-places.ts';
import { isStorable } from '../database/json.ts';
import type { Json, Plan, PlanKind, PlannedStep } from './plan-kind.ts';
import { ordered } from './step-order.ts';

/** A plan whose steps are in order, with the digest of all that they say. */
export interface CheckedPlan extends Plan {
  readonly steps: readonly (PlannedStep & { readonly after: readonly string[] })[];
  readonly revision: string;
  readonly destructive: boolean;
}

export class PlanKinds {
  readonly #kinds = new Map<string, { readonly kind: PlanKind; readonly checker: Checker<TSchema> }>();

  add(kinds: readonly PlanKind[]): void {
    for (const kind of kinds) {
      assert(!this.#kinds.has(kind.name), `the kind of plans ${kind.name} is there twice`);
      this.#kinds.set(kind.name, { kind, checker: compileChecker(kind.input) });
    }
  }

  get names(): string[] {
    return [...this.#kinds.keys()];
  }

  get(name: string): PlanKind | undefined {
    return this.#kinds.get(name)?.kind;
  }

  /** Throws `ProblemError` when there is no such kind, or the principal may not use it. */
  require(name: string, principal: Principal): PlanKind {
    const kind = this.get(name);
    if (kind === undefined) {
      const known = this.names.sort().join(', ');
      throw new ProblemError('not_found', `there are no plans of the kind ${JSON.stringify(name)}; there are ${known}`);
    }
    if (mayAnywhere(principal, kind.permission)) return kind;
    throw new ProblemError('forbidden', `${principal.name} may not plan ${name}: that asks for ${kind.permission}`);
  }

  /** Whether somebody may still have done what was planned. Throws `ProblemError` where not. */
  async permit(name: string, input: Json, principal: Principal): Promise<void> {
    const kind = this.require(name, principal);
    // An admin may, also where the objects are gone meanwhile.
    if (principal.role !== 'admin') await kind.permit?.(input as never, principal);
  }

  /** Plans. Throws `ProblemError` for an input that is not the kind's, and what planning throws. */
  async plan(name: string, input: Json, principal: Principal, signal: AbortSignal): Promise<CheckedPlan> {
    const kind = this.require(name, principal);
    const issues = this.#kinds.get(name)?.checker.issues(input) ?? [];
    for (const field of secretPlaces(input)) issues.push({ field, message: 'is a secret: give a reference to it' });
    if (!isStorable(input)) issues.push({ field: '', message: 'has the character NUL, or half of one' });
    const [first] = issues;
    if (first !== undefined) {
      const message = `the input of a ${name} has the wrong shape: ${first.field.slice(1) || 'it'} ${first.message}`;
      throw new ProblemError('invalid_request', message, {
        issues: issues.map(({ field, message }) => ({ field: `/input${field}`, message })),
      });
    }
    await kind.permit?.(input as never, principal);
    const plan = await kind.plan(input as never, { principal, signal });
    const steps = ordered(plan.steps);
    const places = secretPlaces(steps);
    assert(places.length === 0, `a plan of the kind ${name} holds a secret at ${places.join(', ')}`);
    const revision = createHash('sha256').update(canonicalJson({ name, steps })).digest('hex');
    return { ...plan, steps, revision, destructive: steps.some(({ destructive }) => destructive) };
  }
}

/** Letters that no two of which look alike. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new id, short enough to be typed: 60 random bits. */
export function newId(): string {
  return Array.from(randomBytes(12), (byte) => alphabet[byte & 31]).join('');
}
