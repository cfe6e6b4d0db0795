/** The routes of applications: what they are, and what they log in with. */
import { implement, ProblemError, type Route, type RouteRequest } from '@millrace/api';
import type { Application } from '@millrace/api/declared';
import {
  confirmCredentialContract,
  getApplicationContract,
  issueCredentialContract,
  listApplicationsContract,
  listCredentialsContract,
  revokeCredentialsContract,
  rotateCredentialContract,
} from '@millrace/api/fleet';
import { requireOn } from '../access/may-on.ts';
import { applicationDetail, applicationItem, maySeeSealed } from './application-views.ts';
import { unknownApplication } from './credentials/credential-plan-kinds.ts';
import { credentialView } from './credentials/credential-views.ts';
import type { IdentityService } from './identity-service.ts';
import { limitDefault, pageByName } from './pages.ts';

export function applicationRoutes(service: IdentityService): Route[] {
  return [
    implement(listApplicationsContract, async ({ query }) => {
      const { q = '', team, cluster, limit = limitDefault, cursor } = query;
      const known = await service.known();
      const all = service.record
        .current()
        .list('application')
        .map(({ spec }) => spec)
        .filter(({ name }) => name.includes(q))
        .filter((spec) => team === undefined || spec.team === team)
        .filter(({ uses = [] }) => cluster === undefined || uses.some((use) => use.cluster === cluster));
      const { items, next } = pageByName(all, ({ name }) => name, { limit, cursor });
      return { items: items.map((spec) => applicationItem(spec, known)), next };
    }),
    implement(getApplicationContract, async ({ params, principal }) => {
      const spec = applicationOf(service, params.name);
      const sealed = maySeeSealed(principal, spec) ? await service.store.sealedForApplication(spec.name) : new Map();
      const { needsIdempotentWrite } = service;
      const seen = await service.observations.look([...new Set((spec.uses ?? []).map(({ cluster }) => cluster))]);
      const asks = { principal, seen, sealed, options: { needsIdempotentWrite } };
      return applicationDetail(spec, await service.known(), asks);
    }),
    implement(listCredentialsContract, async ({ params, principal }) => {
      const spec = applicationOf(service, params.name);
      const sealed = maySeeSealed(principal, spec) ? await service.store.sealedForApplication(spec.name) : new Map();
      const own = (await service.store.list(spec.name)).toReversed();
      return { items: own.map((credential) => credentialView(credential, service.now(), sealed.get(credential.id))) };
    }),
  ];
}

export function credentialRoutes(service: IdentityService): Route[] {
  return [
    implement(issueCredentialContract, async (request) => {
      const { params, body } = request;
      changeable(service, params.name, request);
      const { kind = 'scram', request: csr, days, why = '' } = body;
      if (kind === 'scram' && (csr !== undefined || days !== undefined)) {
        throw new ProblemError('invalid_request', 'a request and days are of certificates: send "kind": "certificate"');
      }
      const input = {
        ...{ application: params.name, kind },
        ...(csr !== undefined && { request: csr }),
        ...(days !== undefined && { days }),
      };
      return await issue(service, 'credential_issue', input, { ...request, why });
    }),
    implement(rotateCredentialContract, async (request) => {
      const { params, body } = request;
      changeable(service, params.name, request);
      const { graceSeconds, why = '' } = body;
      const input = { application: params.name, ...(graceSeconds !== undefined && { graceSeconds }) };
      return await issue(service, 'credential_rotate', input, { ...request, why });
    }),
    implement(confirmCredentialContract, async (request) => {
      const { params, body, principal } = request;
      const spec = applicationOf(service, params.name);
      const isItself = principal.kind === 'application' && principal.name === spec.name;
      if (!isItself) requireOn(principal, 'change', { team: spec.team }, `application ${spec.name}`);
      const confirmed = await service.confirm(spec.name, params.id, principal, body.why ?? '');
      return credentialView(confirmed, service.now());
    }),
    implement(revokeCredentialsContract, async (request) => {
      const { params, body, principal, signal } = request;
      changeable(service, params.name, request);
      const { principals, why = '' } = body;
      const input = { application: params.name, ...(principals !== undefined && { principals }) };
      const { id } = await service.operations.start('credential_revoke', input, { principal, why, signal });
      return { operation: id };
    }),
  ];
}

function applicationOf({ record }: IdentityService, name: string): Application {
  const known = record.current().get('application', name);
  if (known === undefined) throw unknownApplication(name);
  return known.spec;
}

/** Whoever may not change it is told so before anything is planned. */
function changeable(
  service: IdentityService,
  name: string,
  { principal }: Pick<RouteRequest<typeof issueCredentialContract>, 'principal'>,
): void {
  const spec = applicationOf(service, name);
  requireOn(principal, 'change', { team: spec.team }, `application ${name}`);
}

async function issue(
  service: IdentityService,
  kind: 'credential_issue' | 'credential_rotate',
  input: Parameters<IdentityService['deliveries']['issue']>[1],
  {
    principal,
    why,
    signal,
  }: Pick<RouteRequest<typeof issueCredentialContract>, 'principal' | 'signal'> & { why: string },
) {
  const { operation, credential, secret } = await service.deliveries.issue(kind, input, { principal, why, signal });
  const sealed = (await service.store.sealedForApplication(credential.application)).get(credential.id);
  const view = credentialView(credential, service.now(), sealed);
  return { operation, credential: view, ...(secret !== undefined && { secret }) };
}
