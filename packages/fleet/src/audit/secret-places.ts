/**
 * Where a value of JSON seems to hold a secret. Nothing that is declared, planned or logged may: secrets are references
 * (`env:NAME`, `file:PATH`, or Kafka Connect's `${provider:path:key}`), verifiers, or encrypted.
 *
 * It goes by the names of members and by the shape of texts, so that it finds what was put where no secret belongs; a
 * secret that looks like any other text it can't know.
 */

import { secretKeys } from '@millrace/client/java-configuration';
import { parseReference } from '../client-configuration/references.ts';

const secretName =
  /passw(or)?d|passphrase|secret|(^|[._-])token$|(private|api|access)[._-]?key$|jaas\.config$|user\.info$/i;
/** Names that end like one and mean something else. */
const harmlessName = /(^|[._-])(file|path|location|url|endpoint|type|class|mechanism|name|id)$/i;
const secretText =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|[a-z][a-z\d+.-]*:\/\/[^\s/@:]*:[^\s/@]+@|\bpassword\s*=\s*["']?[^\s"';]/i;
const connectReference = /^\$\{[^}]+\}$/;

/** JSON Pointers (RFC 6901) to what seems to be a secret; the values themselves are not told. */
export function secretPlaces(value: unknown): string[] {
  const places: string[] = [];
  visit(value, '', undefined, places);
  return places;
}

function visit(value: unknown, pointer: string, name: string | undefined, places: string[]): void {
  if (typeof value === 'string') {
    if (isSecret(value, name)) places.push(pointer);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      const inner = Array.isArray(value) ? name : key;
      visit(member, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, inner, places);
    }
  }
}

function isSecret(text: string, name: string | undefined): boolean {
  if (text === '' || parseReference(text) !== undefined || connectReference.test(text)) return false;
  if (name !== undefined && secretKeys.has(name)) return true;
  return secretText.test(text) || (name !== undefined && secretName.test(name) && !harmlessName.test(name));
}
