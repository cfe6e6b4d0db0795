/** What queries have answered, as committed records, in a form that can be compared. */
import { createHash } from 'node:crypto';
import { createClient, topic } from '@millrace/client';
import { type NexmarkQuery, ofRun, type Result } from '@millrace/streams/testing/nexmark';

export interface Answer {
  readonly count: number;
  /** The same for the same results in any order. */
  readonly digest: string;
}

/**
 * The results of a run, of the newest of each key where these count. Those of windows that begin behind `endTime` are
 * left out.
 */
export async function readAnswer(
  bootstrap: string,
  query: NexmarkQuery,
  run: string,
  endTime: number,
): Promise<Answer> {
  await using client = createClient({ bootstrap });
  const described = topic(ofRun(query.output.name, run), query.output);
  await using consumer = client.consumer({
    topics: [described],
    from: 'earliest',
    until: 'end',
    isolation: 'read_committed',
  });
  const newest = new Map<number, string>();
  const answer = new AnswerDigest();
  for await (const batch of consumer) {
    for (const record of batch) {
      if (record.key > endTime) continue;
      const text = textOf(record.key, record.value);
      if (query.results === 'newest') newest.set(record.key, text);
      else answer.add(text);
    }
  }
  for (const text of newest.values()) answer.add(text);
  return answer.end();
}

/** Results that were computed elsewhere. */
export function answerOf(results: readonly Result[]): Answer {
  const answer = new AnswerDigest();
  for (const { key, value } of results) answer.add(textOf(key, value));
  return answer.end();
}

/** Adds up digests of results, so that their order does not matter and none is kept. */
class AnswerDigest {
  #count = 0;
  #sum = 0n;

  add(text: string): void {
    this.#count++;
    this.#sum += createHash('sha1').update(text).digest().readBigUInt64BE();
  }

  end(): Answer {
    return { count: this.#count, digest: this.#sum.toString(16) };
  }
}

/** Key and value with fields in one order: whoever wrote them has an order of their own. */
function textOf(key: number, value: unknown): string {
  const inOrder = (_: string, each: unknown): unknown =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)))
      : each;
  return `${key} ${JSON.stringify(value, inOrder)}`;
}
