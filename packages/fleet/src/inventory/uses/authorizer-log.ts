/**
 * Kafka's authorizer log (`kafka.authorizer.logger`, kafka-authorizer.log), whose lines name principals, which the
 * protocol does not. Allowed operations are there when its level is DEBUG; denied ones, on INFO, are no uses.
 *
 * Known are the lines of the authorizer of KRaft (StandardAuthorizer, "operation =") and of that of ZooKeeper
 * (AclAuthorizer, "Operation ="). Times have no zone in the log; they are taken as UTC. Pure.
 */
import { isStorable } from '../../database/json.ts';
import type { UseObservation, UseRole } from './topic-use.ts';

export interface AuthorizerEntry {
  /** Undefined when the line has none that can be read. */
  readonly at: Date | undefined;
  readonly principal: string;
  readonly isAllowed: boolean;
  /** In capitals: READ, WRITE, DESCRIBE. */
  readonly operation: string;
  readonly host: string;
  /** `Topic`, `Group`, `Cluster`, `TransactionalId`. */
  readonly resourceType: string;
  readonly resourceName: string;
  /** Name of the API: Produce, Fetch. */
  readonly request: string;
}

/** Longer ones are none of Kafka's. */
const lineCharactersMax = 4_096;
const entry = new RegExp(
  [
    'Principal = (.{1,512}?) is (Allowed|Denied) [Oo]peration = (\\w+) from host = (\\S+)',
    'on resource = (\\w+):\\w+:(.{1,512}?) for request = (\\w+)',
  ].join(' '),
);
const time = /(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[,.](\d{3})/;

/** Undefined for a line that is something else. */
export function parseAuthorizerLine(line: string): AuthorizerEntry | undefined {
  if (line.length > lineCharactersMax) return undefined;
  const [, principal, result, operation, host, resourceType, resourceName, request] = entry.exec(line) ?? [];
  if (principal === undefined || operation === undefined || host === undefined || resourceType === undefined) {
    return undefined;
  }
  if (resourceName === undefined || request === undefined) return undefined;
  // Of a log that was cut, or is none.
  if (!isStorable([principal, host, resourceName])) return undefined;
  const isAllowed = result === 'Allowed';
  return {
    at: timeOf(line),
    principal,
    isAllowed,
    operation: operation.toUpperCase(),
    host,
    resourceType,
    resourceName,
    request,
  };
}

function timeOf(line: string): Date | undefined {
  const [, day, clock, ms] = time.exec(line.slice(0, 64)) ?? [];
  if (day === undefined) return undefined;
  const at = new Date(`${day}T${clock}.${ms}Z`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/**
 * What lines say of uses of topics, one observation for each use: the newest, with all hosts. `now` bounds times, and
 * stands for those that are not told.
 */
export function usesInLog(cluster: string, lines: Iterable<string>, now: Date): UseObservation[] {
  const uses = new Map<string, { readonly use: UseObservation; readonly hosts: Set<string> }>();
  for (const line of lines) {
    const found = parseAuthorizerLine(line);
    const role = found === undefined ? undefined : roleOf(found);
    if (found === undefined || role === undefined) continue;
    const at = found.at === undefined || found.at > now ? now : found.at;
    const key = `${role} ${found.principal}\n${found.resourceName}`;
    const known = uses.get(key);
    const hosts = (known?.hosts ?? new Set<string>()).add(found.host);
    const use: UseObservation = {
      cluster,
      topic: found.resourceName,
      role,
      source: 'authorizer_log',
      name: found.principal,
      hosts: [],
      at: known !== undefined && known.use.at > at ? known.use.at : at,
    };
    uses.set(key, { use, hosts });
  }
  return [...uses.values()].map(({ use, hosts }) => ({ ...use, hosts: [...hosts].sort() }));
}

/** Undefined where nobody reads or writes records. */
function roleOf({ isAllowed, resourceType, operation, request }: AuthorizerEntry): UseRole | undefined {
  if (!isAllowed || resourceType !== 'Topic') return undefined;
  if (operation === 'WRITE' && request !== 'Metadata') return 'producer';
  return operation === 'READ' && (request === 'Fetch' || request === 'ShareFetch') ? 'consumer' : undefined;
}
