/** Compares a new schema with the versions before it, and says in the dialect's words what is in the way. */
import { type CompatibilityLevel, demandOf } from './compatibility-level.ts';
import type { Incompatibility, ParsedSchema } from './schema.ts';

export interface EarlierVersion {
  readonly version: number;
  readonly schema: ParsedSchema;
}

/**
 * Messages of the first version, from the newest on, that the new schema does not go with; empty when it goes with all
 * that the level asks about. `earlier` lies by version, ascending.
 */
export function checkCompatibility(
  schema: ParsedSchema,
  earlier: readonly EarlierVersion[],
  level: CompatibilityLevel,
): string[] {
  const { backward, forward, transitive } = demandOf(level);
  const compared = transitive ? earlier.toReversed() : earlier.slice(-1);
  for (const { version, schema: old } of compared) {
    const messages: string[] = [];
    if (old.schemaType !== schema.schemaType && (backward || forward)) {
      messages.push(`{errorType:'TYPE_CHANGED', description:'Incompatible because of different schema type'}`);
    } else {
      if (backward) messages.push(...schema.reads(old).map((found) => messageOf(found, 'new', 'old')));
      if (forward) messages.push(...old.reads(schema).map((found) => messageOf(found, 'old', 'new')));
    }
    if (messages.length === 0) continue;
    const context = [
      `{oldSchemaVersion: ${version}}`,
      `{oldSchema: '${old.canonical}'}`,
      `{compatibility: '${level}'}`,
    ];
    return [...new Set(messages), ...context];
  }
  return [];
}

function messageOf({ errorType, describe }: Incompatibility, reader: string, writer: string): string {
  return `{errorType:'${errorType}', description:'${describe(reader, writer)}'}`;
}
