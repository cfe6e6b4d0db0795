/** Whom a quota is for: a user, a client id, both together, or an address; each by name or as the default. */

export const entityTypes = ['user', 'client-id', 'ip'] as const;

export type EntityType = (typeof entityTypes)[number];

/** A name by type, null for the default; a type that is absent does not matter. */
export type QuotaEntity = { readonly [type in EntityType]?: string | null };

/** A text that two entities share only if they are the same. */
export function entityKey(entity: QuotaEntity): string {
  return JSON.stringify(entityTypes.map((type) => entity[type] ?? (entity[type] === null ? 0 : 1)));
}

export function isEntityType(text: string): text is EntityType {
  return (entityTypes as readonly string[]).includes(text);
}
