/**
 * Puts lines together that came as several: what goes on with the line before it of the same stream becomes part of its
 * record. Lines come one after the other from one sender, with those of its streams mixed.
 */
import { goesOn, type Joining, joinedLinesMax } from './join-lines.ts';
import { bodyCharsMax, type LogLine, streamOf } from './log-line.ts';

/** A line, and whether it stands for itself: objects and records of other formats do. */
export interface GivenLine {
  readonly line: LogLine;
  /** What it says after its header, spaces at its beginning included. */
  readonly text: string;
  /** Whether it has nothing that says where it comes from, and is of the stream of the line before it. */
  readonly isBare?: boolean | undefined;
  readonly isWhole?: boolean | undefined;
}

interface Begun {
  readonly line: LogLine;
  readonly bodies: string[];
  chars: number;
}

const streamsMax = 1_000;

export class LineJoiner {
  readonly #joining: Joining;
  readonly #begun = new Map<string, Begun>();
  #last: string | undefined;

  constructor(joining: Joining) {
    this.#joining = joining;
  }

  /** Answers the records that a line ends. */
  add({ line, text, isBare, isWhole }: GivenLine): LogLine[] {
    const goes = isWhole !== true && goesOn(text, this.#joining);
    const stream = isBare === true && goes && this.#last !== undefined ? this.#last : streamOf(line);
    const begun = this.#begun.get(stream);
    if (goes && begun !== undefined && begun.bodies.length < joinedLinesMax && begun.chars < bodyCharsMax) {
      begun.bodies.push(text);
      begun.chars += text.length;
      return [];
    }
    const ended = this.#end(stream);
    if (isWhole === true || this.#joining === 'none') return [...ended, line];
    if (this.#begun.size >= streamsMax) ended.push(...this.flush());
    this.#begun.set(stream, { line, bodies: [line.body], chars: line.body.length });
    this.#last = stream;
    return ended;
  }

  /** What was begun, as it is. */
  flush(): LogLine[] {
    return [...this.#begun.keys()].flatMap((stream) => this.#end(stream));
  }

  #end(stream: string): LogLine[] {
    const begun = this.#begun.get(stream);
    if (begun === undefined) return [];
    this.#begun.delete(stream);
    const { line, bodies } = begun;
    return [bodies.length === 1 ? line : { ...line, body: bodies.join('\n') }];
  }
}
