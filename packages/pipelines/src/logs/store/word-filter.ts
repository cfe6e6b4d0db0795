/**
 * Which words may be in a block of lines (Bloom, 1970): never no for one that is there, and yes for one in a hundred
 * that is not.
 */

const bitsPerWord = 10;
const probes = 7;

export class WordFilter {
  readonly bits: Uint8Array;

  constructor(bits: Uint8Array) {
    this.bits = bits;
  }

  static of(words: ReadonlySet<string>): WordFilter {
    const filter = new WordFilter(new Uint8Array(Math.max(8, Math.ceil((words.size * bitsPerWord) / 8))));
    for (const word of words) filter.#add(word);
    return filter;
  }

  mayHave(word: string): boolean {
    const size = this.bits.length * 8;
    const { first, second } = hashes(word);
    for (let probe = 0; probe < probes; probe++) {
      const bit = (first + Math.imul(probe, second)) >>> 0;
      if (((this.bits[(bit % size) >>> 3] as number) & (1 << ((bit % size) & 7))) === 0) return false;
    }
    return true;
  }

  #add(word: string): void {
    const size = this.bits.length * 8;
    const { first, second } = hashes(word);
    for (let probe = 0; probe < probes; probe++) {
      const bit = ((first + Math.imul(probe, second)) >>> 0) % size;
      this.bits[bit >>> 3] = (this.bits[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
}

function hashes(word: string): { first: number; second: number } {
  let first = 0x811c9dc5;
  let second = 0x2545f491;
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x5bd1e995);
  }
  return { first: first ^ (first >>> 15), second: (second ^ (second >>> 13)) | 1 };
}
