/**
 * `node tests/simulation/main.ts [FIRST [COUNT]]`: runs seeds by hand, as many as wanted, and prints what failed at
 * once and what was covered in the end. With one seed, the last events before its failure are printed as well.
 */
import { runByHand } from './run-by-hand.ts';

await runByHand('cluster');
