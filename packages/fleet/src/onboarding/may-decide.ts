/** Who may do what with a request. Whoever made one never approves it, whatever they are. */
import { type Principal, ProblemError, principalText } from '@millrace/api';
import type { Proposal, RequestAction, RequestState } from '@millrace/api/fleet';
import { mayOn } from '../access/may-on.ts';

export interface DecidedRequest {
  readonly state: RequestState;
  readonly title: string;
  readonly requester: string;
  readonly team: string;
  /** Null: an admin decides. */
  readonly owner: string | null;
  readonly proposal: Pick<Proposal, 'applications'>;
}

export function actionsOf(request: DecidedRequest, principal: Principal): RequestAction[] {
  const all: readonly RequestAction[] = ['approve', 'refuse', 'withdraw', 'comment', 'collect'];
  return all.filter((action) => objection(request, action, principal) === undefined);
}

/** Throws `ProblemError` `forbidden`, or `conflict` where it is too late. */
export function requireAction(request: DecidedRequest, action: RequestAction, principal: Principal): void {
  const problem = objection(request, action, principal);
  if (problem !== undefined) throw problem;
}

function objection(request: DecidedRequest, action: RequestAction, principal: Principal): ProblemError | undefined {
  const { state, title, requester, team, owner } = request;
  const isOwn = principalText(principal) === requester;
  const owned = { team: owner ?? undefined };
  switch (action) {
    case 'approve':
      if (isOwn) {
        return forbidden(`${principal.name} made the request "${title}" and can't approve it; ${deciders(owner)} can`);
      }
      if (!mayOn(principal, 'approve', owned)) return forbidden(`${deciders(owner)} may approve "${title}"`);
      return mustWait(request);
    case 'refuse':
      if (!mayOn(principal, 'approve', owned)) return forbidden(`${deciders(owner)} may refuse "${title}"`);
      return mustWait(request);
    case 'withdraw':
      if (!isOwn && principal.role !== 'admin')
        return forbidden(`only ${requester} or an admin may withdraw "${title}"`);
      if (state === 'waiting' || state === 'failed') return undefined;
      return new ProblemError('conflict', `"${title}" is ${state}; only what waits or has failed can be withdrawn`);
    case 'collect':
      if (!isOwn || !mayOn(principal, 'request', { team }))
        return forbidden(`what "${title}" has made is ${requester}'s`);
      if (state === 'done' && madeApplications(request).length > 0) return undefined;
      return new ProblemError(
        'conflict',
        `"${title}" is ${state}, and has made no application with a password to show`,
      );
    case 'comment': {
      const isConcerned = mayOn(principal, 'request', owned) || mayOn(principal, 'request', { team });
      return isOwn || isConcerned
        ? undefined
        : forbidden(`"${title}" concerns neither ${principal.name} nor their teams`);
    }
  }
}

/** Those that belong to the team for which it was asked, and have no key that their passwords are sealed to. */
export function madeApplications({ team, proposal }: Pick<DecidedRequest, 'team' | 'proposal'>): string[] {
  const own = proposal.applications.filter(
    (each) => each.isNew && each.team === team && each.publicKey === undefined && each.uses.length > 0,
  );
  return own.map(({ name }) => name);
}

function mustWait({ state, title }: DecidedRequest): ProblemError | undefined {
  if (state === 'waiting') return undefined;
  return new ProblemError('conflict', `"${title}" is ${state} and waits for nobody's decision`);
}

function deciders(owner: string | null): string {
  return owner === null ? 'only an admin' : `another owner of the team ${owner}, or an admin,`;
}

function forbidden(detail: string): ProblemError {
  return new ProblemError('forbidden', detail);
}
