/**
 * Patterns of topics that members of consumer groups subscribe to, in RE2's syntax as by Kafka (KIP-848). RE2 has no
 * construct that must backtrack, so matching takes time linear in the name; what is left to a hostile pattern is its
 * size, which is bounded here before it is compiled.
 */
import { MillraceError } from '@millrace/base';
import type { RE2JS } from 're2js';
import { re2js } from '../../on-demand.ts';

/**
 * The largest size of a pattern: characters and counted repetitions, each repetition of a group counted as often as it
 * can repeat all. The longest name is matched against the worst such pattern in some tens of milliseconds.
 */
const sizeMax = 512;

/** A pattern that is none, or is too large to be matched without harm to others. */
export class TopicPatternError extends MillraceError {
  readonly code = 'invalid_topic_pattern';
  readonly pattern: string;

  constructor(pattern: string, reason: string, options?: { cause: unknown }) {
    super(`SubscribedTopicRegex \`${pattern}\` is not a valid regular expression: ${reason}.`, options);
    this.pattern = pattern;
  }
}

export class TopicPattern {
  readonly text: string;
  readonly #expression: RE2JS;

  /** Throws `TopicPatternError`. */
  constructor(text: string) {
    this.text = text;
    if (sizeOf(text) > sizeMax) throw new TopicPatternError(text, `it is larger than ${sizeMax} after its repetitions`);
    try {
      this.#expression = re2js().RE2JS.compile(text);
    } catch (error) {
      if (!(error instanceof re2js().RE2JSException)) throw error;
      const reason = error instanceof re2js().RE2JSSyntaxException ? error.getDescription() : error.message;
      throw new TopicPatternError(text, reason, { cause: error });
    }
  }

  /** Whether the whole name matches. */
  matches(topicName: string): boolean {
    return this.#expression.testExact(topicName);
  }
}

/** An upper bound, near enough, of how large the pattern's program becomes. */
function sizeOf(pattern: string): number {
  let length = pattern.length;
  let groupRepetitions = 1;
  for (const [, afterGroup, least, most] of pattern.matchAll(/(\)?)\{(\d{1,9})(?:,(\d{0,9}))?\}/g)) {
    const count = Math.max(Number(least), Number(most ?? 0), 1);
    if (afterGroup === ')') groupRepetitions *= count;
    else length += count;
  }
  return length * groupRepetitions;
}
