/** `BUG`: has `seenInMove` run with a bug of `sidecar-bugs.ts`, by its number, or with none; tells what was seen. */
import { plant } from '../../simulation/planted/plant.ts';
import { plantedSidecarBugs } from './sidecar-bugs.ts';

const bug = plantedSidecarBugs[Number(process.argv[2] ?? -1)];
const planted = bug && plant(bug);
const { seenInMove } = await import('./sidecar-order.ts');
planted?.assertLoaded();
process.send?.(await seenInMove());
process.disconnect();
