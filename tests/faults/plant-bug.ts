/** Loaded before a client's program: plants the bug that the program's settings name, if they name one. */
import { plant } from '../simulation/planted/plant.ts';
import { plantedBugs } from './planted-bugs.ts';

const { bug: name } = JSON.parse(process.argv[2] ?? '{}') as { readonly bug?: string };
if (name !== undefined) {
  const bug = plantedBugs.find((each) => each.name === name);
  if (bug === undefined) throw new RangeError(`no bug is called '${name}'`);
  const { assertLoaded } = plant(bug);
  process.once('exit', (code) => {
    if (code === 0) assertLoaded();
  });
}
