/**
 * `node tests/simulation/streams/main.ts [FIRST [COUNT]]`: runs seeds of a streams job by hand, and prints what failed
 * at once and what was covered in the end. With one seed, the last events before its failure are printed as well.
 */
import { runByHand } from '../run-by-hand.ts';

await runByHand('streams');
