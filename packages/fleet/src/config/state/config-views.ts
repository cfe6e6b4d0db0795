/**
 * What one process of the service knows at a moment, from which it answers without asking anybody. It follows the
 * record and the service's own tables: woken by events, and asking each second besides. While they can't be read it
 * keeps what it knows, and tells how old that is.
 *
 * Invariants: a view is never older than the one that it replaces. What is worked out for a question stays the same
 * object until it says something else, so whoever pushes compares by identity.
 */

import type { ConfigView } from '@millrace/api/config';
import { messageOf, type Platform, type Timer } from '@millrace/base';
import type { Kysely } from 'kysely';
import { digestOf } from '../../access/secret-token.ts';
import { databaseError } from '../../database/database-error.ts';
import type { Schema } from '../../database/schema.ts';
import type { EventFeed } from '../../events/event-feed.ts';
import type { Declared, FleetRecord } from '../../record/record.ts';
import { answerContent, type KeptCredential, type Question, type Told } from '../answers/answer-content.ts';
import { mayFind, type TopicPlace } from '../answers/home-cluster.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type Heads, readHeads } from '../config-head.ts';
import { type ConfigState, type Enrolled, type Moment, readMoment } from './read-config.ts';
import { SharedParts } from './shared-parts.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface ConfigViewsOptions {
  readonly db: Kysely<Schema>;
  readonly platform: Platform;
  readonly feed: Pick<EventFeed, 'subscribe'>;
  readonly record: FleetRecord;
  readonly report: (message: string) => void;
  /** How often those who wait are called although nothing is new, to look what is to be issued again. */
  readonly callMs: number;
}

interface Worked {
  readonly shared: SharedParts;
  readonly application: Declared<'application'>;
  readonly credentials: readonly KeptCredential[];
  readonly told: Told;
}

const pollMs = 1_000;
/** A view that was not seen to be current for so long is not said to be. */
const currentMs = 5_000;
const workedMax = 100_000;
const none: readonly KeptCredential[] = [];

export class ConfigViews {
  readonly waiting = new WaitingRoom();
  readonly #options: ConfigViewsOptions;
  readonly #unsubscribe: () => void;
  readonly #worked = new BoundedMap<string, Worked>(workedMax);
  #moment: Moment;
  #shared: SharedParts;
  #asOf: number;
  #seenAt: number;
  #toldCurrent = true;
  #calledAt: number;
  #looking: Promise<void> | undefined;
  #isAsked = false;
  #told = '';
  #timer: Timer | undefined;
  #isClosed = false;

  private constructor(options: ConfigViewsOptions, first: Moment) {
    this.#options = options;
    this.#moment = first;
    this.#shared = SharedParts.next(first, undefined);
    this.#asOf = options.platform.clock.now();
    this.#seenAt = options.platform.clock.monotonic();
    this.#calledAt = this.#seenAt;
    this.#unsubscribe = options.feed.subscribe(() => void this.#look());
    this.#tick();
  }

  /** Reads all that answers follow from; current from then on until it is closed. */
  static async open(options: ConfigViewsOptions): Promise<ConfigViews> {
    return new ConfigViews(options, await readMoment(options.db, options.record));
  }

  /** Grows with each change to anything that answers follow from, in the same way in all processes. */
  get version(): number {
    return versionOf(this.#moment);
  }

  get config(): ConfigState {
    return this.#moment.config;
  }

  age(): ConfigView {
    const { clock } = this.#options.platform;
    return { asOf: this.#asOf, current: clock.monotonic() - this.#seenAt < currentMs };
  }

  /** Whose token it is; undefined: of nobody who is enrolled and declared. */
  enrolled(token: string): Enrolled | undefined {
    return this.enrolledBy(digestOf(token));
  }

  /** By the digest of the token. */
  enrolledBy(digest: string): Enrolled | undefined {
    const found = this.#moment.config.enrolments.get(digest);
    const isDeclared = found !== undefined && this.#moment.fleet.get('application', found.application) !== undefined;
    return isDeclared ? found : undefined;
  }

  isDeclared(application: string): boolean {
    return this.#moment.fleet.get('application', application) !== undefined;
  }

  /** Whether answers may send the application to that cluster for the topic. */
  mayFind(name: string, use: TopicPlace): boolean {
    const application = this.#moment.fleet.get('application', name);
    return application !== undefined && mayFind(application.spec, use, this.#shared);
  }

  /** What an application is answered, unsigned. */
  told(name: string, question: Question): Told {
    const application = this.#moment.fleet.get('application', name);
    if (application === undefined) {
      return { problem: { code: 'no_use', detail: `there is no application ${name}; declare it first` } };
    }
    const credentials = this.#moment.config.credentials.get(name) ?? none;
    const key = `${name}\n${question.topic}\n${question.role}\n${question.site ?? ''}`;
    const known = this.#worked.get(key);
    if (
      known?.shared === this.#shared &&
      known.application === application &&
      areSame(known.credentials, credentials)
    ) {
      return known.told;
    }
    const fresh = answerContent(application.spec, question, this.#shared, credentials);
    const told = known !== undefined && saysTheSame(known.told, fresh) ? known.told : fresh;
    this.#worked.set(key, { shared: this.#shared, application, credentials, told });
    return told;
  }

  /** Looks now; resolves when all that was committed before is known. */
  async catchUp(): Promise<void> {
    await this.#looking;
    await this.#lookNow();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    this.#timer?.cancel();
    await this.#looking;
  }

  #tick(): void {
    if (this.#isClosed) return;
    this.#timer = this.#options.platform.timers.after(pollMs, () => this.#tick());
    void this.#look();
    const { current } = this.age();
    const now = this.#options.platform.clock.monotonic();
    if (current === this.#toldCurrent && now - this.#calledAt < this.#options.callMs) return;
    this.#toldCurrent = current;
    this.#call();
  }

  /** One at a time, and once more for whoever asked meanwhile. */
  #look(): Promise<void> {
    this.#isAsked = true;
    this.#looking ??= this.#lookWhileAsked().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#isAsked && !this.#isClosed) {
      this.#isAsked = false;
      try {
        await this.#lookNow();
        this.#told = '';
      } catch (error) {
        const failure = databaseError(
          error,
          'the config service answers from what it knew, which can not be read anew',
        );
        const sentence = messageOf(failure);
        if (sentence !== this.#told && !this.#isClosed) this.#options.report(sentence);
        this.#told = sentence;
      }
    }
  }

  async #lookNow(): Promise<void> {
    const { db, platform, record } = this.#options;
    const [askedAt, asOf] = [platform.clock.monotonic(), platform.clock.now()];
    const heads = await readHeads(db);
    const isSame = isAt(this.#moment, heads);
    const moment = isSame ? this.#moment : await readMoment(db, record);
    // Nothing is awaited from here on, so that nobody sees a part of it.
    this.#asOf = Math.max(this.#asOf, asOf);
    this.#seenAt = Math.max(this.#seenAt, askedAt);
    if (versionOf(moment) <= this.version) return;
    this.#moment = moment;
    this.#shared = SharedParts.next(moment, this.#shared);
    this.#call();
  }

  #call(): void {
    this.#calledAt = this.#options.platform.clock.monotonic();
    void this.waiting.call();
  }
}

function areSame(some: readonly KeptCredential[], others: readonly KeptCredential[]): boolean {
  if (some === others) return true;
  return some.length === others.length && some.every(({ id }, index) => id === others[index]?.id);
}

/** Settings that are the same are one object. */
function saysTheSame(one: Told, other: Told): boolean {
  if ('problem' in one || 'problem' in other) return JSON.stringify(one) === JSON.stringify(other);
  const { settings, ...content } = one.content;
  const { settings: otherSettings, ...otherContent } = other.content;
  return settings === otherSettings && JSON.stringify(content) === JSON.stringify(otherContent);
}

function versionOf({ fleet, config }: Moment): number {
  return Math.max(1, fleet.revision + config.revision);
}

function isAt({ fleet, config }: Moment, heads: Heads): boolean {
  return fleet.revision === heads.record && config.revision === heads.config;
}
