import { MillraceError } from '@millrace/base';

/** A mirror's name is part of topic names and transactional ids; a worker's is its place in the group. */
export class MirrorNameError extends MillraceError {
  readonly code = 'mirror_name_invalid';
  readonly mirrorName: string;

  constructor(name: string) {
    super(`"${name}" can't name a mirror or its worker: use 1 to 200 letters, digits, dots, underscores and hyphens`);
    this.mirrorName = name;
  }
}

/** There is nothing to mirror: a topic that was named is not there. */
export class SourceTopicError extends MillraceError {
  readonly code = 'source_topic_missing';
  readonly topics: readonly string[];

  constructor(topics: readonly string[]) {
    super(`the source has no topic ${topics.join(', ')}; check the names, or create it there first`);
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

/** The target knows no mirror of that name. */
export class OffsetsTopicError extends MillraceError {
  readonly code = 'mirror_unknown';
  readonly topic: string;

  constructor(topic: string) {
    super(`the target has no topic ${topic}, in which a mirror of that name would keep its offsets; check the name`);
    this.topic = topic;
  }
}
