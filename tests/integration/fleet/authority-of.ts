/** The fleet's own authority, which brokers of tests are made to trust. */
import assert from 'node:assert/strict';
import { certificateAuthorityContract, issueCredentialContract } from '@millrace/api/fleet';
import type { ConfigProcess } from './config-fixture.ts';

/** Made by the first certificate that anybody is issued: here for an application on the cluster `west`. PEM. */
export async function authorityOf(service: ConfigProcess): Promise<string> {
  const uses = [{ cluster: 'west', topic: 'orders', role: 'producer' as const }];
  await service.declare('application', 'first', { name: 'first', team: 'shop', uses });
  const params = { name: 'first' };
  await service.call(issueCredentialContract, { params, body: { kind: 'certificate' } });
  const { certificate } = await service.call(certificateAuthorityContract, {});
  return certificate ?? assert.fail('there is no authority');
}
