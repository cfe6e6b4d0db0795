/** Applications, and what is decided about their requests: policies and seasons. */
import { createPublicKey } from 'node:crypto';
import type { Application, Policy, Season, TopicUse } from '@millrace/api/declared';
import { messageOf } from '@millrace/base';
import { expressionIssues } from '../../onboarding/policies/expression.ts';
import type { Complain } from './finding.ts';

const keyBitsMin = 2048;

export function checkApplication(application: Application, complain: Complain): void {
  for (const [index, use] of (application.uses ?? []).entries()) {
    checkUse(use, (steps, message) => complain(['uses', index, ...steps], message));
  }
  const problem = application.publicKey === undefined ? undefined : publicKeyProblem(application.publicKey);
  if (problem !== undefined) complain(['publicKey'], problem);
}

function checkUse(use: TopicUse, complain: Complain): void {
  if (!/^([A-Za-z0-9._-]{1,249}|[A-Za-z0-9._-]{0,248}\*)$/.test(use.topic)) {
    complain(['topic'], `${JSON.stringify(use.topic)} is neither a topic's name nor the begin of one with *`);
  }
  for (const field of ['groups', 'transactionalIds'] as const) {
    for (const [index, name] of (use[field] ?? []).entries()) {
      if (/^(?:[^*]{1,249}|[^*]{0,248}\*)$/s.test(name)) continue;
      complain([field, index], `${JSON.stringify(name)} is neither a name nor the begin of some with *`);
    }
  }
  if (use.role === 'producer' && use.groups !== undefined) {
    complain(['groups'], 'are of consumers, and this is a producer');
  }
  if (use.role === 'consumer' && use.transactionalIds !== undefined) {
    complain(['transactionalIds'], 'are of producers, and this is a consumer');
  }
}

function publicKeyProblem(pem: string): string | undefined {
  if (pem.includes('PRIVATE KEY'))
    return 'is a private key: nobody but the application may have that; give its public one';
  if (!pem.includes('-----BEGIN PUBLIC KEY-----')) return 'is no public key in PEM (SPKI): it begins otherwise';
  let bits: number | undefined;
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'rsa') bits = key.asymmetricKeyDetails?.modulusLength;
  } catch (error) {
    return `is no public key in PEM: ${messageOf(error)}`;
  }
  if (bits === undefined) return 'must be an RSA key';
  return bits < keyBitsMin ? `has ${bits} bits, and less than ${keyBitsMin} keep no secret` : undefined;
}

export function checkPolicy(policy: Policy, complain: Complain): void {
  for (const issue of expressionIssues(policy.when)) complain(['when'], issue);
}

export function checkSeason(season: Season, complain: Complain): void {
  if (season.until < season.from) complain(['until'], `is before ${season.from}, its first day`);
}
