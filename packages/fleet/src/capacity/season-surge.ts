/** Which season a topic has to live through: of those that are not over, the one with the most traffic. */
import type { Season } from '@millrace/api/declared';
import { quantity } from './calculation.ts';
import type { Surge } from './topic-load.ts';

const dayMs = 86_400_000;

/** Undefined where none has more traffic than ordinary days. */
export function worstSeason(seasons: readonly Season[], now: Date): Surge | undefined {
  const today = now.toISOString().slice(0, 10);
  const coming = seasons.filter(({ until, factor }) => until >= today && factor > 1);
  const [worst] = coming.sort((a, b) => b.factor - a.factor || daysOf(b) - daysOf(a) || (a.name < b.name ? -1 : 1));
  return worst && surgeOf(worst);
}

export function surgeOf(season: Season): Surge {
  return {
    factor: quantity(`season ${season.name}`, season.factor, 'times', 'declared'),
    seconds: quantity(`length of ${season.name}`, daysOf(season) * 86_400, 's', 'declared'),
  };
}

/** A season that nobody declared, for the question what would be. */
export function supposedSurge(factor: number): Surge {
  return {
    factor: quantity('supposed season', factor, 'times', 'requested'),
    seconds: quantity('length of the supposed season', 30 * 86_400, 's', 'assumed'),
  };
}

function daysOf({ from, until }: Season): number {
  return Math.max(1, Math.round((Date.parse(until) - Date.parse(from)) / dayMs) + 1);
}
