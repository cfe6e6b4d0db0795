/**
 * Carries over who may read the mirrored topics. Each rule of the source that applies to a mirrored topic, also by
 * prefix or for all, becomes one for exactly the topic on the target.
 *
 * Grants to write stay off the target, so that nobody but the mirror writes there until a failover; so do those to
 * change or delete the topic. What is denied on the source is denied on the target, whatever it is, also to the mirror
 * itself where it is denied to everybody; but not the fence of a failover, which is about the source alone.
 */

import { isMillraceError } from '@millrace/base';
import type { AclBinding, Admin } from '@millrace/client';
import { isFence, isOpening } from '../failover/fence-rules.ts';
import type { MirrorReport } from '../mirror-event.ts';
import type { MirroredTopic } from './topic-sync.ts';

export interface AclSyncOptions {
  readonly source: Admin;
  readonly target: Admin;
  /** True: it was asked for. Undefined: where both clusters have an authorizer. */
  readonly isWanted: true | undefined;
  readonly report: MirrorReport;
}

export class AclSync {
  readonly #options: AclSyncOptions;
  /** What the last run wanted on the target, by name; undefined before one succeeded. */
  #carried: ReadonlyMap<string, AclBinding> | undefined;
  #told = '';

  constructor(options: AclSyncOptions) {
    this.#options = options;
  }

  /** Makes the target's rules what the source's ask for. Operating failures are reported, once each. */
  async run(topics: readonly MirroredTopic[], signal: AbortSignal): Promise<void> {
    try {
      await this.#carry(topics, signal);
    } catch (error) {
      if (signal.aborted || !isMillraceError(error)) throw error;
      this.#tell(error.message, error);
    }
  }

  async #carry(topics: readonly MirroredTopic[], signal: AbortSignal): Promise<void> {
    const { source, target, report } = this.#options;
    const rules = await rulesOf(source, signal);
    const there = await rulesOf(target, signal);
    if (rules === undefined || there === undefined) {
      const side = rules === undefined ? 'source' : 'target';
      return this.#tell(`the ${side} has no authorizer, so that no ACLs are carried over`);
    }
    const wanted = byName(carriedRules(rules, topics));
    const found = byName(there);
    const missing = [...wanted].filter(([name]) => !found.has(name)).map(([, rule]) => rule);
    const mirrored = new Set(topics.map(({ targetTopic }) => targetTopic));
    const gone = [...(this.#carried ?? [])]
      .filter(([name, { resourceName }]) => mirrored.has(resourceName) && !wanted.has(name) && found.has(name))
      .map(([, rule]) => rule);
    const created = missing.length === 0 ? [] : await target.createAcls(missing, { signal });
    const deleted = gone.length === 0 ? [] : await target.deleteAcls(gone, { signal });
    const results = [created, deleted, ...deleted.map((result) => (result.error === undefined ? result.deleted : []))];
    const error = results.flatMap((each) => each.flatMap((result) => result.error ?? []))[0];
    if (error !== undefined) throw error;
    if (this.#carried === undefined) this.#tellOthers(there, wanted, topics);
    this.#carried = wanted;
    this.#told = '';
    if (missing.length + gone.length === 0) return;
    const message = `${missing.length} ACLs of mirrored topics were added on the target, ${gone.length} deleted`;
    report({ level: 'info', event: 'acls_changed', message });
  }

  /** What was carried over by an earlier process and is gone from the source can't be told from an operator's own. */
  #tellOthers(
    there: readonly AclBinding[],
    wanted: ReadonlyMap<string, AclBinding>,
    topics: readonly MirroredTopic[],
  ): void {
    const mirrored = new Set(topics.map(({ targetTopic }) => targetTopic));
    const others = [...byName(there)].filter(([name, { resourceName, patternType }]) => {
      return patternType === 'literal' && mirrored.has(resourceName) && !wanted.has(name);
    });
    if (others.length === 0) return;
    const names = [...new Set(others.map(([, { resourceName }]) => resourceName))].slice(0, 5).join(', ');
    const message =
      `${others.length} ACLs of mirrored topics (${names}) are on the target alone and stay: ` +
      'delete those whose like was taken off the source while no mirror ran';
    this.#options.report({ level: 'info', event: 'acls_kept', message });
  }

  #tell(message: string, error?: Error): void {
    if (message === this.#told) return;
    this.#told = message;
    const { isWanted, report } = this.#options;
    const level = isWanted === true || error !== undefined ? 'warn' : 'info';
    report({ level, event: 'acls_failed', message, ...(error === undefined ? {} : { error }) });
  }
}

/** The rules for topics; undefined without an authorizer. */
export async function rulesOf(admin: Admin, signal?: AbortSignal): Promise<AclBinding[] | undefined> {
  try {
    return await admin.describeAcls({ resourceType: 'topic' }, { signal });
  } catch (error) {
    if (isMillraceError(error) && 'errorName' in error && error.errorName === 'SECURITY_DISABLED') return undefined;
    throw error;
  }
}

/** What the source's rules ask for on the target. */
export function carriedRules(rules: readonly AclBinding[], topics: readonly MirroredTopic[]): AclBinding[] {
  const applying = rules.filter((rule) => !isFence(rule) && !isOpening(rule, rules));
  return rulesForCopies(
    applying.flatMap((rule) => carriedRule(rule) ?? []),
    topics,
  );
}

/** What of the source's rules is kept off the target while it is mirrored to: grants to write, change and delete. */
export function keptOffRules(rules: readonly AclBinding[], topics: readonly TopicCopy[]): AclBinding[] {
  const keptOff = rules.filter(
    (rule) => rule.permission === 'allow' && carriedRule(rule)?.operation !== rule.operation,
  );
  return rulesForCopies(
    keptOff.filter((rule) => !isOpening(rule, rules)),
    topics,
  );
}

type TopicCopy = Pick<MirroredTopic, 'topic' | 'targetTopic'>;

function rulesForCopies(rules: readonly AclBinding[], topics: readonly TopicCopy[]): AclBinding[] {
  const literal = Map.groupBy(
    rules.filter(({ patternType }) => patternType === 'literal'),
    ({ resourceName }) => resourceName,
  );
  const prefixed = rules.filter(({ patternType }) => patternType === 'prefixed');
  return topics.flatMap(({ topic, targetTopic }) => {
    const applying = [
      ...(literal.get(topic) ?? []),
      ...(literal.get('*') ?? []),
      ...prefixed.filter(({ resourceName }) => topic.startsWith(resourceName)),
    ];
    return applying.map((rule) => ({ ...rule, resourceName: targetTopic, patternType: 'literal' as const }));
  });
}

function carriedRule(rule: AclBinding): AclBinding | undefined {
  if (rule.permission === 'deny') return rule;
  if (rule.operation === 'all') return { ...rule, operation: 'read' };
  return ['read', 'describe', 'describe-configs'].includes(rule.operation) ? rule : undefined;
}

function byName(rules: readonly AclBinding[]): Map<string, AclBinding> {
  return new Map(
    rules.map((rule) => {
      const { resourceName, patternType, principal, host, operation, permission } = rule;
      return [JSON.stringify([resourceName, patternType, principal, host, operation, permission]), rule];
    }),
  );
}
