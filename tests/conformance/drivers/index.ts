/** All drivers, in the order of `clientNames`. */
import type { Driver } from './driver.ts';
import { kcat } from './kcat.ts';
import { millrace } from './millrace.ts';

export const drivers: readonly Driver[] = [millrace, kcat];
