/** Templates of one number of tokens that begin alike: those that a line is compared with. */
import type { Template, Tokens } from './template.ts';
import { mayVary } from './variability.ts';

/** A bucket is looked through for places that nobody foresaw whenever it has grown by so many templates. */
const sweepEvery = 32;
const sweepWordsMin = 10;

export class TemplateBucket {
  /** By order. */
  readonly templates: Template[] = [];
  /** Changes whenever a line could fit another template than before. */
  version = 0;

  add(template: Template): void {
    const at = this.templates.findLastIndex(({ order }) => order < template.order);
    this.templates.splice(at + 1, 0, template);
    this.version++;
  }

  remove(template: Template): void {
    const at = this.templates.indexOf(template);
    if (at >= 0) this.templates.splice(at, 1);
    this.version++;
  }

  /** The template that a line fits with most of its words; of equal ones the earliest. */
  bestFor(tokens: Tokens): { readonly template: Template; readonly words: number } | undefined {
    let best: { template: Template; words: number } | undefined;
    for (const template of this.templates) {
      const words = wordsThatFit(template.tokens, tokens);
      if (words >= 0 && words > (best?.words ?? -1)) best = { template, words };
    }
    return best;
  }

  /**
   * Where the words vary more than half of the templates: lines of free text, which no single place would show. Only
   * now and then, by the number of templates alone, so that it is the same after a restart.
   */
  crowdedPlaces(): number[] {
    const { templates } = this;
    if (templates.length === 0 || templates.length % sweepEvery !== 0) return [];
    const needed = Math.max(sweepWordsMin, templates.length / 2);
    const places: number[] = [];
    const length = templates[0]?.tokens.length ?? 0;
    for (let index = 1; index < length; index++) {
      const words = new Set<string>();
      for (const { tokens } of templates) {
        const token = tokens[index];
        if (typeof token === 'string' && mayVary(tokens, index, token)) words.add(token);
      }
      if (words.size >= needed) places.push(index);
    }
    return places;
  }
}

/** How many tokens are equal; -1 where the line does not fit. */
function wordsThatFit(template: Tokens, line: Tokens): number {
  let words = 0;
  for (const [index, token] of line.entries()) {
    const wanted = template[index];
    if (wanted === token) words++;
    else if (wanted !== null || token === null || !mayVary(line, index, token)) return -1;
  }
  return words;
}
