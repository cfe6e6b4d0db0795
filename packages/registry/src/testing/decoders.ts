/** What reads bytes from outside, for fuzzing. */
export { parseSchema } from '../formats/index.ts';
export { decodeFact } from '../state/fact.ts';
