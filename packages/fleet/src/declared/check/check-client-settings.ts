/** Rules for settings of clients: they exist, have a value that they may have, and are for a rule to decide. */
import type { ClientSetting } from '@millrace/api/declared';
import { isMillraceError, messageOf, nearest } from '@millrace/base';
import { pathKeys, secretKeys, securityKeys } from '@millrace/client/java-configuration';
import { clientConfiguration } from '../../client-configuration/client-configuration.ts';
import { clientKeys } from './check-clusters.ts';
import type { Complain } from './finding.ts';

/** What is an instance's own, and not a setting of its kind of use. */
const ownKeys: ReadonlySet<string> = new Set(['client.id', 'group.id', 'group.instance.id', 'sasl.username']);

export function checkClientSetting({ match, set }: ClientSetting, complain: Complain): void {
  for (const [index, topic] of (match?.topics ?? []).entries()) {
    if (/^([A-Za-z0-9._-]{1,249}|[A-Za-z0-9._-]{0,248}\*)$/.test(topic)) continue;
    complain(
      ['match', 'topics', index],
      `${JSON.stringify(topic)} is neither a topic's name nor the begin of one with *`,
    );
  }
  for (const [key, value] of Object.entries(set)) {
    const problem = problemOf(key, String(value));
    if (problem !== undefined) complain(['set', key], problem);
  }
  const isLowered = ['0', '1'].includes(String(set['acks'] ?? 'all'));
  if (isLowered && String(set['enable.idempotence']) === 'true') {
    complain(
      ['set', 'enable.idempotence'],
      'needs acks: all, and no producer starts with the two; leave one of them out',
    );
  }
}

/** Names the key and never the value. */
function problemOf(key: string, value: string): string | undefined {
  if (key === 'bootstrap.servers') return 'follows from the cluster; change its bootstrap';
  if (secretKeys.has(key)) return 'is a secret, which applications are given by their credentials alone';
  if (ownKeys.has(key)) return "is each instance's own, and not for a rule to set";
  if (pathKeys.has(key)) return 'is a path, which means another file on each machine; give the PEM itself';
  if (!clientKeys.includes(key)) {
    const meant = nearest(key, clientKeys);
    return `is not known here${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  if (/^(env|file):/.test(value)) return 'is a reference; a rule gives the value itself, since it is no secret';
  // Settings of security say something together alone.
  if (securityKeys.has(key)) return undefined;
  try {
    clientConfiguration(new Map([[key, value]]), 'the value');
    return undefined;
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return messageOf(error);
  }
}
