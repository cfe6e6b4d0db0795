/** `node tests/simulation/resilient/relay-main.ts [FIRST [COUNT]]`: the same for seeds of the relay. */
import { runByHand } from '../run-by-hand.ts';

await runByHand('relay');
