/** Identities of applications: what they may, what they log in with, and whether that is as it should be. */

export { type ObservedUse, openUseObservations, type SeenUses, type UseObservations } from './observations.ts';
export { type Identity, type IdentityOptions, openIdentity } from './open-identity.ts';
export { principalOf, principalsOf, userOf } from './principals.ts';
export { aclKey, aclText, applicationAcls, denialsOf, type WantedAclsOptions, wantedAcls } from './wanted-acls.ts';
export { wantedQuotas } from './wanted-quotas.ts';
