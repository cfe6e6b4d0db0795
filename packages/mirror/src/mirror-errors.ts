import { MillraceError } from '@millrace/base';

/** A mirror's name is part of topic names and transactional ids. */
export class MirrorNameError extends MillraceError {
  readonly code = 'mirror_name_invalid';
  readonly mirrorName: string;

  constructor(name: string) {
    super(`"${name}" can't name a mirror: use 1 to 200 letters, digits, dots, underscores and hyphens`);
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
