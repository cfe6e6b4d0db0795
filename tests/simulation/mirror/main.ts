/**
 * `node tests/simulation/mirror/main.ts [FIRST [COUNT]]`: runs seeds of the mirror by hand, and prints what failed at
 * once and what was covered in the end. With one seed, the last events before its failure are printed as well.
 */
import { runByHand } from '../run-by-hand.ts';

await runByHand('mirror');
