/**
 * Access control entries, found by what they are about: type, then name or prefix, then principal. A question looks at
 * the entries for one resource and two principals (the asking one and everybody), however many others there are; of
 * prefixes it tries the lengths that occur.
 */
import { type Acl, aclKey, everybody, patternTypes, wildcard } from './acl.ts';

/** Entries for one name or prefix, by principal. */
type ByPrincipal = Map<string, Set<Acl>>;

class TypeIndex {
  readonly literal = new Map<string, ByPrincipal>();
  readonly prefixed = new Map<string, ByPrincipal>();
  /** Lengths of prefixes, and how many prefixes have them. */
  readonly prefixLengths = new Map<number, number>();
  readonly byPrincipal: ByPrincipal = new Map();
}

export class AclIndex {
  readonly #acls = new Map<string, Acl>();
  readonly #types = new Map<number, TypeIndex>();

  get size(): number {
    return this.#acls.size;
  }

  /** All entries, in the order in which they came. */
  all(): Iterable<Acl> {
    return this.#acls.values();
  }

  has(acl: Acl): boolean {
    return this.#acls.has(aclKey(acl));
  }

  /** Does nothing when the same entry is there. */
  add(acl: Acl): void {
    const key = aclKey(acl);
    if (this.#acls.has(key)) return;
    this.#acls.set(key, acl);
    let type = this.#types.get(acl.resourceType);
    if (type === undefined) {
      type = new TypeIndex();
      this.#types.set(acl.resourceType, type);
    }
    const patterns = patternsOf(type, acl);
    let found = patterns.get(acl.resourceName);
    if (found === undefined) {
      found = new Map();
      patterns.set(acl.resourceName, found);
      if (patterns === type.prefixed) countLength(type, acl.resourceName.length, 1);
    }
    append(found, acl);
    append(type.byPrincipal, acl);
  }

  remove(acl: Acl): void {
    const key = aclKey(acl);
    const known = this.#acls.get(key);
    const type = this.#types.get(acl.resourceType);
    if (known === undefined || type === undefined) return;
    this.#acls.delete(key);
    const patterns = patternsOf(type, known);
    const found = patterns.get(known.resourceName);
    if (found !== undefined) {
      drop(found, known);
      if (found.size === 0) {
        patterns.delete(known.resourceName);
        if (patterns === type.prefixed) countLength(type, known.resourceName.length, -1);
      }
    }
    drop(type.byPrincipal, known);
  }

  /**
   * Shows `visit` the entries of a principal and of everybody that are about a resource, until it answers true. Answers
   * whether there is any entry about the resource, of whomever; undefined when `visit` ended it.
   */
  about(resourceType: number, name: string, principal: string, visit: (acl: Acl) => boolean): boolean | undefined {
    const type = this.#types.get(resourceType);
    if (type === undefined) return false;
    const literal = type.literal.get(name);
    if (literal !== undefined && visitOf(literal, principal, visit)) return undefined;
    const wild = name === wildcard ? undefined : type.literal.get(wildcard);
    if (wild !== undefined && visitOf(wild, principal, visit)) return undefined;
    let isNamed = literal !== undefined || wild !== undefined;
    for (const length of type.prefixLengths.keys()) {
      if (length > name.length) continue;
      const prefixed = type.prefixed.get(name.slice(0, length));
      if (prefixed === undefined) continue;
      isNamed = true;
      if (visitOf(prefixed, principal, visit)) return undefined;
    }
    return isNamed;
  }

  /** The entries of a principal and of everybody that are about resources of a type. */
  *ofType(resourceType: number, principal: string): Iterable<Acl> {
    const type = this.#types.get(resourceType);
    yield* type?.byPrincipal.get(principal) ?? [];
    if (principal !== everybody) yield* type?.byPrincipal.get(everybody) ?? [];
  }
}

function patternsOf(type: TypeIndex, acl: Acl): Map<string, ByPrincipal> {
  return acl.patternType === patternTypes.prefixed ? type.prefixed : type.literal;
}

function countLength(type: TypeIndex, length: number, change: 1 | -1): void {
  const count = (type.prefixLengths.get(length) ?? 0) + change;
  if (count === 0) type.prefixLengths.delete(length);
  else type.prefixLengths.set(length, count);
}

function append(acls: ByPrincipal, acl: Acl): void {
  const known = acls.get(acl.principal);
  if (known === undefined) acls.set(acl.principal, new Set([acl]));
  else known.add(acl);
}

function drop(acls: ByPrincipal, acl: Acl): void {
  const known = acls.get(acl.principal);
  known?.delete(acl);
  if (known?.size === 0) acls.delete(acl.principal);
}

function visitOf(acls: ByPrincipal, principal: string, visit: (acl: Acl) => boolean): boolean {
  if (isEnded(acls.get(principal), visit)) return true;
  return principal !== everybody && isEnded(acls.get(everybody), visit);
}

function isEnded(acls: ReadonlySet<Acl> | undefined, visit: (acl: Acl) => boolean): boolean {
  if (acls === undefined) return false;
  for (const acl of acls) if (visit(acl)) return true;
  return false;
}
