/** Mirrors and connectors. */
import type { Connector, Mirror } from '@millrace/api/declared';
import type { Complain } from './finding.ts';

export function checkMirror(mirror: Mirror, complain: Complain): void {
  if (mirror.source === mirror.target) complain(['target'], `is ${mirror.source}, its source as well`);
  for (const list of ['topics', 'exclude', 'first'] as const) {
    for (const [index, pattern] of (mirror[list] ?? []).entries()) {
      if (!/^[A-Za-z0-9._*-]{1,249}$/.test(pattern)) {
        complain([list, index], `${JSON.stringify(pattern)} is neither a topic's name nor a pattern with *`);
      }
    }
  }
  if (mirror.prefix !== undefined && !/^[A-Za-z0-9._-]{0,100}$/.test(mirror.prefix)) {
    complain(['prefix'], 'is not made of letters, digits, ., - and _');
  }
}

export function checkConnector(connector: Connector, complain: Complain): void {
  if (connector.config['connector.class'] === undefined) complain(['config', 'connector.class'], 'is required');
}
