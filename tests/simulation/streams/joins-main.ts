/** `node tests/simulation/streams/joins-main.ts [FIRST [COUNT]]`: as `main.ts`, with a job that joins. */
import { runByHand } from '../run-by-hand.ts';

await runByHand('joins');
