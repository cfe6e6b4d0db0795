/** All drivers, in the order of `clientNames`. */
import type { Driver } from './driver.ts';
import { java } from './java.ts';
import { kafkajs } from './kafkajs.ts';
import { kcat } from './kcat.ts';
import { millrace } from './millrace.ts';
import { platformatic } from './platformatic.ts';

export const drivers: readonly Driver[] = [millrace, kcat, kafkajs, platformatic, java];
