/** What a member of a group has received so far, and what ended it: the part of `Member` that is the same for all. */
import { eventually } from '../../support/eventually.ts';
import type { Member, StoredMessage } from './driver.ts';

export abstract class MemberLog implements Member {
  readonly topic: string;
  readonly group: string;
  readonly messages: StoredMessage[] = [];
  readonly die: (() => Promise<void>) | undefined = undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor({ topic, group }: Pick<Member, 'topic' | 'group'>) {
    this.topic = topic;
    this.group = group;
  }

  /** Ends the client. */
  protected abstract close(): Promise<void>;

  /** The first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async wait(count: number): Promise<readonly StoredMessage[]> {
    const describe = (): string => `a member of ${this.group} received ${this.messages.length} of ${count} messages`;
    await eventually(() => this.messages.length >= count || this.#failure !== undefined, {
      timeoutMs: 60_000,
      describe,
    });
    this.#rethrow();
    return this.messages;
  }

  async leave(): Promise<void> {
    await this.close();
    this.#rethrow();
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** What a member reads until it has so many messages; it leaves then. */
export async function readUntil(member: Member, count: number): Promise<readonly StoredMessage[]> {
  try {
    await member.wait(count);
  } catch (error) {
    // What ended it is told by both.
    await member.leave().catch(() => undefined);
    throw error;
  }
  await member.leave();
  return member.messages;
}
