/** `--durable`, for the commands that start embedded clusters. */
import { flag } from '../framework/option.ts';

export const durableOption = {
  durable: flag({
    help: 'Acknowledge (acks=all) only what survives a loss of power: sync the disk before each answer',
  }),
};
