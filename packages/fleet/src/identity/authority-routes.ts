/** The routes of the fleet's certificate authorities. */
import { implement, ProblemError, type Route } from '@millrace/api';
import {
  type AuthorityView,
  activateAuthorityContract,
  certificateAuthorityContract,
  forgetAuthorityContract,
  makeAuthorityContract,
} from '@millrace/api/fleet';
import { daysLeft } from './credentials/credential-views.ts';
import type { IdentityService } from './identity-service.ts';
import {
  activateNextAuthority,
  forgetAuthority,
  hasSigned,
  type KnownAuthority,
  knownAuthorities,
  makeNextAuthority,
  validCertificates,
} from './secrets/authorities.ts';
import type { SealingKey } from './secrets/sealing-key.ts';

export function authorityRoutes(service: IdentityService, sealingKey: () => Promise<SealingKey>): Route[] {
  const { db } = service;
  const views = async (): Promise<AuthorityView[]> => {
    const signed = await validCertificates(db);
    return (await knownAuthorities(db)).map((authority) => viewOf(authority, signed, service.now()));
  };
  const view = async (id: string): Promise<AuthorityView> => {
    const found = (await views()).find((each) => each.id === id);
    if (found === undefined) throw new ProblemError('conflict', `the authority ${id} was forgotten meanwhile`);
    return found;
  };
  return [
    implement(certificateAuthorityContract, async () => {
      const authorities = await views();
      const { certificate = null, expiresAt = null, daysLeft: left = null } = authorities[0] ?? {};
      const all = authorities.map((each) => each.certificate.trim());
      const bundle = all.length === 0 ? null : `${all.join('\n')}\n`;
      return { certificate, expiresAt, daysLeft: left, bundle, authorities };
    }),
    implement(makeAuthorityContract, async ({ body, principal }) => {
      return await view(await makeNextAuthority(db, await sealingKey(), { principal, why: body.why ?? '' }));
    }),
    implement(activateAuthorityContract, async ({ body, principal }) => {
      return await view(await activateNextAuthority(db, { principal, why: body.why ?? '' }));
    }),
    implement(forgetAuthorityContract, async ({ params, principal }) => {
      await forgetAuthority(db, params.id, { principal, why: 'asked for' });
      return { id: params.id };
    }),
  ];
}

function viewOf(authority: KnownAuthority, signed: readonly { readonly certificate: string }[], now: Date) {
  const { id, state, certificate } = authority;
  return {
    ...{ id, state, subject: certificate.subject, certificate: certificate.toString('pem') },
    expiresAt: certificate.notAfter.toISOString(),
    daysLeft: daysLeft(certificate.notAfter, now),
    inUse: signed.filter((each) => hasSigned(authority, each.certificate)).length,
  };
}
