/** The thread in which `runSeedsInWorker` runs seeds. What it runs is loaded after a bug was planted in it. */
import { parentPort, workerData } from 'node:worker_threads';
import { plant } from './planted/plant.ts';
import type { SeedsWork } from './run-seeds.ts';

const { range, bug } = workerData as SeedsWork;
const planted = bug && plant(bug);
const { runSeeds } = await import('./run-seeds.ts');
planted?.assertLoaded();
parentPort?.postMessage(await runSeeds(range));
