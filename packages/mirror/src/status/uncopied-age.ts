/**
 * Since when the oldest batch of a partition waits that is not copied yet: by the newest time that the header of that
 * batch tells, so by the times of records, which producers set unless the topic has LogAppendTime.
 *
 * What is not fetched yet is taken to be as old as what was copied before it while there was more; and where nothing
 * was left to copy, to come into being when the source first tells of it.
 */
export class UncopiedAge {
  /** Of what was fetched and is not stored, in order. */
  #times: number[] = [];
  #since: number | undefined;

  /** The source has told what it has at `now` (ms since 1970); `isBehind`: that is more than what is copied. */
  told(isBehind: boolean, now: number): void {
    if (!isBehind) this.#since = undefined;
    else this.#since ??= now;
  }

  /** A batch was fetched; `time` is negative where it has none. */
  fetched(time: number, now: number): void {
    this.#times.push(time < 0 ? now : time);
  }

  /** The oldest batch that was fetched is stored. */
  stored(): void {
    this.#since = this.#times.shift() ?? this.#since;
  }

  /** Milliseconds since 1970; means nothing where all is copied. */
  get oldest(): number | undefined {
    return this.#times[0] ?? this.#since;
  }
}
