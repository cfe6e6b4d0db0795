/** What can go wrong with a client that configures itself, besides what can with the plain one. */
import { MillraceError } from '@millrace/base';
import { DeliveryError } from '@millrace/client';

/** The enrolment, or something in the client's directory, is not there or not what it should be. */
export class EnrolmentError extends MillraceError {
  readonly code = 'enrolment_invalid';
  /** The file, or `enrolment` for one that was given as a value. */
  readonly source: string;

  constructor(source: string, problem: string, cause?: unknown) {
    super(`${source}: ${problem}; enrol the application with \`millrace config enrol\`, and give its answer here`, {
      cause,
    });
    this.source = source;
  }
}

/** No service answered in time, and there is no copy of an answer that could be used instead. */
export class ConfigUnavailableError extends MillraceError {
  readonly code = 'config_unavailable';
  override readonly retriable = true;
  readonly topic: string;
  /** Base URLs of the services that were asked. */
  readonly services: readonly string[];

  constructor(topic: string, waitedMs: number, services: ReadonlyMap<string, string>, copy: string, cause?: unknown) {
    const asked = [...services].map(([url, problem]) => `${url} (${problem})`).join(', ');
    super(
      `no config service told within ${waitedMs} ms where topic ${topic} is: asked ${asked}; ${copy}; ` +
        'check that one of them can be reached from here',
      { cause },
    );
    this.topic = topic;
    this.services = [...services.keys()];
  }
}

/** The service answers that this application gets nothing for this topic. */
export class ConfigRefusedError extends MillraceError {
  readonly code = 'config_refused';
  readonly application: string;
  readonly topic: string;
  readonly role: 'producer' | 'consumer';
  /** The service's own code. */
  readonly problem: string;

  constructor(application: string, want: Pick<ConfigRefusedError, 'topic' | 'role'>, problem: string, detail: string) {
    const what = `${want.role} of topic ${want.topic}`;
    const isKnown = problem !== 'no_use';
    super(`application ${application} ${isKnown ? `can be no ${what} yet` : `is no ${what}`}: ${detail}`);
    this.application = application;
    this.topic = want.topic;
    this.role = want.role;
    this.problem = problem;
  }
}

/** What one producer or consumer takes together lies on several clusters. */
export class TopicsApartError extends MillraceError {
  readonly code = 'topics_apart';
  readonly clusters: ReadonlyMap<string, string>;

  /** `clusters` by topic. */
  constructor(what: 'producer' | 'consumer', clusters: ReadonlyMap<string, string>) {
    const places = [...clusters].map(([topic, cluster]) => `${topic} on ${cluster}`).join(', ');
    super(`one ${what} can't take topics of several clusters (${places}); make a ${what} for each cluster`);
    this.clusters = clusters;
  }
}

/** An answer that can be trusted asks for something that this client can't do. */
export class UnfitAnswerError extends MillraceError {
  readonly code = 'config_unfit';
  readonly topic: string;

  constructor(topic: string, problem: string, cause?: unknown) {
    super(`the answer for topic ${topic} can't be used: ${problem}`, { cause });
    this.topic = topic;
  }
}

/**
 * The producer had to go to another cluster before the old one had acknowledged these records: nobody can tell whether
 * they are stored there, and they are sent nowhere else. `maybeStored` is false for those that were surely never sent.
 */
export class AmbiguousDeliveryError extends DeliveryError {
  readonly from: string;
  readonly to: string;

  constructor(error: DeliveryError, from: string, to: string) {
    const detail =
      `the topic went from cluster ${from} to ${to} before they were acknowledged; ` +
      (error.maybeStored ? `look on ${from} before you write them again` : 'they were not sent, write them again');
    super('delivery_ambiguous', error, detail, error);
    this.from = from;
    this.to = to;
  }
}

/** A transaction can't take offsets of a consumer that is on another cluster than its producer. */
export class ClustersApartError extends MillraceError {
  readonly code = 'clusters_apart';
  override readonly retriable = true;

  constructor(transactionalId: string, ours: string, theirs: string) {
    super(
      `the transaction of ${transactionalId} is on cluster ${ours}, and the consumer whose offsets it is to take on ` +
        `${theirs}: they go to another cluster together; do the work again in a new transaction`,
    );
  }
}

/** The topic of a group went to another cluster, and the group's offsets were not translated to it. */
export class GroupNotTranslatedError extends MillraceError {
  readonly code = 'group_not_translated';
  override readonly retriable = true;
  readonly group: string;
  readonly topic: string;
  /** Undefined where this member knows of no place before, so that others of the group may have read elsewhere. */
  readonly from: string | undefined;
  readonly to: string;

  constructor(
    group: string,
    topic: string,
    from: string | undefined,
    to: { readonly name: string; readonly generation: number },
    waitedMs: number,
  ) {
    const now = from === to.name ? 'another Kafka cluster' : `on ${to.name}`;
    const problem =
      from === undefined
        ? `topic ${topic} went to cluster ${to.name}, this member knows nothing of where group ${group} has read it`
        : `group ${group} has read topic ${topic} on cluster ${from}, which is ${now} now`;
    const way =
      from === undefined
        ? `or, if there was no such group before that move, say so with newSince: ${to.generation}`
        : 'or take another group to begin anew';
    super(`${problem}, and its offsets were not translated to it within ${waitedMs} ms; translate them, ${way}`);
    this.group = group;
    this.topic = topic;
    this.from = from;
    this.to = to.name;
  }
}

/** An offset that a program gives may be one of the cluster that its group has left, where offsets are others. */
export class ForeignOffsetError extends MillraceError {
  readonly code = 'foreign_offset';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;

  constructor(topic: string, partition: number, offset: number, problem: string) {
    super(
      `offset ${offset} of ${topic}-${partition} may be one of the cluster that the group has left: ${problem}; ` +
        'take offsets of what was handed out since then',
    );
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
  }
}
