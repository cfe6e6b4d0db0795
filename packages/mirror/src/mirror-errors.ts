import { MillraceError } from '@millrace/base';
import { KafkaError } from '@millrace/wire';

/** A mirror's name is part of topic names and transactional ids; a worker's is its place in the group. */
export class MirrorNameError extends MillraceError {
  readonly code = 'mirror_name_invalid';
  readonly mirrorName: string;

  constructor(name: string) {
    super(`"${name}" can't name a mirror or its worker: use 1 to 200 letters, digits, dots, underscores and hyphens`);
    this.mirrorName = name;
  }
}

/** @throws MirrorNameError */
export function checkNames(...names: readonly string[]): void {
  for (const name of names) if (!/^[A-Za-z0-9._-]{1,200}$/.test(name)) throw new MirrorNameError(name);
}

/** There is nothing to mirror: a topic that was named is not there. */
export class SourceTopicError extends MillraceError {
  readonly code = 'source_topic_missing';
  readonly topics: readonly string[];

  constructor(topics: readonly string[]) {
    const what = `the source has no topic ${topics.join(', ')}, or does not show it to who logs in there`;
    super(`${what}: check the name, create it there first, or grant describe on it`);
    this.topics = topics;
  }
}

/** Source and target are the same cluster, and what is copied would be copied again, without end. */
export class LoopError extends MillraceError {
  readonly code = 'mirror_loop';
  readonly topic: string;
  readonly targetTopic: string;

  constructor(topic: string, targetTopic: string) {
    const isItself = topic === targetTopic;
    const what = isItself ? 'itself' : `${targetTopic}, which the mirror copies too`;
    const next = isItself ? 'rename it, or choose another target' : 'narrow what is copied, or choose other names';
    super(`topic ${topic} would be copied to ${what}, as source and target are the same cluster: ${next}`);
    this.topic = topic;
    this.targetTopic = targetTopic;
  }
}

/** Two topics would be copied to the same one. */
export class TargetNameError extends MillraceError {
  readonly code = 'target_name_taken';
  readonly topic: string;
  readonly targetTopic: string;

  constructor(topic: string, other: string, targetTopic: string) {
    super(`topics ${other} and ${topic} would both be copied to ${targetTopic}: give each a name of its own`);
    this.topic = topic;
    this.targetTopic = targetTopic;
  }
}

/** The target does not let the mirror write exactly once. */
export class GuaranteeRefusedError extends MillraceError {
  readonly code = 'exactly_once_refused';
  /** What the transactional ids of the mirror begin with. */
  readonly transactionalIdPrefix: string;

  constructor(transactionalIdPrefix: string, cause: Error) {
    const reason = cause instanceof KafkaError ? cause.errorName : cause.message;
    super(
      `the target does not let this mirror copy exactly once (${reason}): grant write on the transactional ids that ` +
        `begin with ${transactionalIdPrefix} to who logs in there, or copy at least once (--at-least-once), by which ` +
        'a crash may repeat records',
      { cause },
    );
    this.transactionalIdPrefix = transactionalIdPrefix;
  }
}

/** The target knows no mirror of that name. */
export class OffsetsTopicError extends MillraceError {
  readonly code = 'mirror_unknown';
  readonly topic: string;

  constructor(topic: string) {
    super(`the target has no topic ${topic}, in which a mirror of that name would keep its offsets; check the name`);
    this.topic = topic;
  }
}
