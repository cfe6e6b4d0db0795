/**
 * What can be set for a topic, as Apache Kafka 3.x and 4.x have it. A setting that is not among these passes, since a
 * cluster may have more (then it is the cluster that judges), unless its name is nearly one of these.
 */
import { nearest } from '@millrace/base';

type Rule =
  | { readonly type: 'boolean' | 'text' | 'list' }
  | { readonly type: 'int' | 'long' | 'double'; readonly min?: number; readonly max?: number }
  | { readonly type: 'word' | 'words'; readonly words: readonly string[] };

const intMax = 2 ** 31 - 1;
const compressions = ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'];

const rules: Readonly<Record<string, Rule>> = {
  'cleanup.policy': { type: 'words', words: ['delete', 'compact'] },
  'compression.gzip.level': { type: 'int', min: -1, max: 9 },
  'compression.lz4.level': { type: 'int', min: 1, max: 17 },
  'compression.type': { type: 'word', words: compressions },
  'compression.zstd.level': { type: 'int', min: -131_072, max: 22 },
  'delete.retention.ms': { type: 'long', min: 0 },
  'file.delete.delay.ms': { type: 'long', min: 0 },
  'flush.messages': { type: 'long', min: 1 },
  'flush.ms': { type: 'long', min: 0 },
  'follower.replication.throttled.replicas': { type: 'list' },
  'index.interval.bytes': { type: 'int', min: 0 },
  'leader.replication.throttled.replicas': { type: 'list' },
  'local.retention.bytes': { type: 'long', min: -2 },
  'local.retention.ms': { type: 'long', min: -2 },
  'max.compaction.lag.ms': { type: 'long', min: 1 },
  'max.message.bytes': { type: 'int', min: 0 },
  'message.downconversion.enable': { type: 'boolean' },
  'message.format.version': { type: 'text' },
  'message.timestamp.after.max.ms': { type: 'long', min: 0 },
  'message.timestamp.before.max.ms': { type: 'long', min: 0 },
  'message.timestamp.difference.max.ms': { type: 'long', min: 0 },
  'message.timestamp.type': { type: 'word', words: ['CreateTime', 'LogAppendTime'] },
  'min.cleanable.dirty.ratio': { type: 'double', min: 0, max: 1 },
  'min.compaction.lag.ms': { type: 'long', min: 0 },
  'min.insync.replicas': { type: 'int', min: 1 },
  preallocate: { type: 'boolean' },
  'remote.log.copy.disable': { type: 'boolean' },
  'remote.log.delete.on.disable': { type: 'boolean' },
  'remote.storage.enable': { type: 'boolean' },
  'retention.bytes': { type: 'long' },
  'retention.ms': { type: 'long', min: -1 },
  'segment.bytes': { type: 'int', min: 14 },
  'segment.index.bytes': { type: 'int', min: 4 },
  'segment.jitter.ms': { type: 'long', min: 0 },
  'segment.ms': { type: 'long', min: 1 },
  'unclean.leader.election.enable': { type: 'boolean' },
};

/** What is wrong with a setting of a topic; undefined when nothing is known to be. */
export function settingProblem(name: string, value: string | number | boolean): string | undefined {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined) {
    const meant = misspelt(name);
    return meant === undefined ? undefined : `is nothing that Kafka sets for a topic; did you mean ${meant}?`;
  }
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return 'is too large to be read exactly as a number; put it in quotes';
  }
  const text = String(value).trim();
  switch (rule.type) {
    case 'boolean':
      return /^(true|false)$/i.test(text) ? undefined : 'must be true or false';
    case 'word':
      return rule.words.includes(text) ? undefined : `must be one of ${rule.words.join(', ')}`;
    case 'words':
      return elementsOf(text).every((word) => rule.words.includes(word)) && text !== ''
        ? undefined
        : `must be some of ${rule.words.join(', ')}`;
    case 'int':
    case 'long':
    case 'double':
      return numberProblem(rule, text);
    default:
      return undefined;
  }
}

/** The name of which each word is the same or nearly so: newer clusters may have others that begin alike. */
function misspelt(name: string): string | undefined {
  const words = name.split(/[._-]/);
  return Object.keys(rules).find((known) => {
    const knownWords = known.split('.');
    return knownWords.length === words.length && knownWords.every((word, at) => nearest(words[at] ?? '', [word]));
  });
}

function numberProblem(rule: Extract<Rule, { type: 'int' | 'long' | 'double' }>, text: string): string | undefined {
  const pattern = rule.type === 'double' ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(text)) return rule.type === 'double' ? 'must be a number' : 'must be a whole number';
  const number = Number(text);
  const { min, max = rule.type === 'int' ? intMax : undefined } = rule;
  if (min !== undefined && number < min) return `must be at least ${min}`;
  if (max !== undefined && number > max) return `must be at most ${max}`;
  if (rule.type === 'long' && BigInt(text) > 2n ** 63n - 1n) return 'must be less than 2^63';
  return undefined;
}

/** Whether two texts set the same: lists in another order do, and words in other letters where Kafka reads any. */
export function sameSetting(name: string, one: string, other: string): boolean {
  return one === other || spelling(name, one) === spelling(name, other);
}

function spelling(name: string, text: string): string {
  const type = Object.hasOwn(rules, name) ? rules[name]?.type : undefined;
  const trimmed = text.trim();
  if (type === 'boolean') return trimmed.toLowerCase();
  if (type === 'list' || type === 'words') return elementsOf(trimmed).sort().join();
  return trimmed;
}

/**
 * Whether setting this, or no longer setting it (`to` undefined), may let Kafka delete records that it keeps now. What
 * a cluster's own default comes to is not known here, and counts as less.
 */
export function mayDropRecords(name: string, from: string | undefined, to: string | undefined): boolean {
  if (name === 'cleanup.policy') {
    const before = elementsOf(from ?? 'delete');
    return elementsOf(to ?? 'delete').some((policy) => !before.includes(policy));
  }
  if (name !== 'retention.ms' && name !== 'retention.bytes') return false;
  const kept = (text: string): number => (Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text));
  if (to !== undefined && kept(to) === Number.POSITIVE_INFINITY) return false;
  return from === undefined || to === undefined || kept(to) < kept(from);
}

function elementsOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
