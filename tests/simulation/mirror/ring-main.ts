/** `node tests/simulation/mirror/ring-main.ts [FIRST [COUNT]]`: runs seeds of a ring by hand, as `main.ts` does. */
import { runByHand } from '../run-by-hand.ts';

await runByHand('ring');
