/** Answers of one connection, which leave in the order of their requests, whichever is ready first. */
export interface AnswerPlace {
  /** Undefined until it is ready. */
  chunks: readonly Uint8Array[] | undefined;
}

export class AnswerOrder {
  readonly #places: AnswerPlace[] = [];

  /** Requests that have no answer yet, or whose answers wait for others. */
  get length(): number {
    return this.#places.length;
  }

  begin(): AnswerPlace {
    const place: AnswerPlace = { chunks: undefined };
    this.#places.push(place);
    return place;
  }

  /** Takes out what is due. */
  takeDue(): Uint8Array[] {
    const due: Uint8Array[] = [];
    let count = 0;
    for (; count < this.#places.length; count++) {
      const { chunks } = this.#places[count] as AnswerPlace;
      if (chunks === undefined) break;
      // One by one: an answer may have more chunks than a call takes arguments.
      for (const chunk of chunks) due.push(chunk);
    }
    this.#places.splice(0, count);
    return due;
  }
}
