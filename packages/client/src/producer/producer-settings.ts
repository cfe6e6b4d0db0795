/** The options of a producer, checked and with their defaults filled in. */
import { type Compression, compressions } from '@millrace/wire';
import { InvalidOptionError } from '../errors.ts';
import type { Delivery, Partitioner, ProducerOptions } from '../producer.ts';
import { choiceOption, integerOption } from '../settings.ts';
import { keyPartitioner } from './partitioner.ts';

export interface ProducerSettings {
  readonly acks: -1 | 0 | 1;
  readonly idempotent: boolean;
  readonly compression: Compression;
  readonly compressionLevel: number | undefined;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  readonly requestBytesMax: number;
  readonly bufferBytesMax: number;
  readonly deliveryTimeoutMs: number;
  readonly maxInFlight: number;
  readonly partitioner: Partitioner;
  readonly onDelivery: ((delivery: Delivery) => void) | undefined;
  readonly observe: ((delivery: Delivery) => void) | undefined;
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
}

/**
 * What of its delivery timeout a batch's last attempt has at least, in ms, give or take half for a late timer: a fifth,
 * at most 200. With less left it is given up instead of sent, so that its failure is the one that is known.
 */
export function lastAttemptMs(deliveryTimeoutMs: number): number {
  return Math.min(200, deliveryTimeoutMs / 5);
}

/** Throws `InvalidOptionError`. */
export function producerSettings(options: ProducerOptions): ProducerSettings {
  const acks = choiceOption('acks', options.acks, -1, [-1, 0, 1]);
  const idempotent = options.idempotent ?? acks === -1;
  if (idempotent && acks !== -1) {
    throw new InvalidOptionError('idempotent', `needs acks: -1, but acks is ${acks}; leave one of the two out`);
  }
  const { transactionalId } = options;
  if (transactionalId === '') {
    throw new InvalidOptionError('transactionalId', 'is empty; it names the producer across restarts');
  }
  if (transactionalId !== undefined && !idempotent) {
    throw new InvalidOptionError(
      'transactionalId',
      'needs an idempotent producer with acks: -1; leave those options out',
    );
  }
  const settings: ProducerSettings = {
    acks,
    idempotent,
    compression: choiceOption('compression', options.compression, 'none', compressions),
    compressionLevel: options.compressionLevel,
    lingerMs: integerOption('lingerMs', options.lingerMs, 0, 0, 60_000),
    batchBytesMax: integerOption('batchBytesMax', options.batchBytesMax, 512 * 1024, 256, 2 ** 30),
    requestBytesMax: integerOption('requestBytesMax', options.requestBytesMax, 1024 * 1024, 256, 2 ** 30),
    bufferBytesMax: integerOption('bufferBytesMax', options.bufferBytesMax, 32 * 1024 * 1024, 4096, 2 ** 40),
    deliveryTimeoutMs: integerOption('deliveryTimeoutMs', options.deliveryTimeoutMs, 120_000, 1, 2 ** 31 - 1),
    maxInFlight: integerOption('maxInFlight', options.maxInFlight, 5, 1, idempotent ? 5 : 1000),
    partitioner: options.partitioner ?? keyPartitioner,
    onDelivery: options.onDelivery,
    observe: options.observe,
    transactionalId,
    transactionTimeoutMs: integerOption('transactionTimeoutMs', options.transactionTimeoutMs, 60_000, 1, 2 ** 31 - 1),
  };
  const { lingerMs, deliveryTimeoutMs } = settings;
  if (lingerMs + lastAttemptMs(deliveryTimeoutMs) > deliveryTimeoutMs) {
    const problem = `is ${lingerMs}, which leaves no time to deliver within deliveryTimeoutMs (${deliveryTimeoutMs})`;
    throw new InvalidOptionError('lingerMs', `${problem}; make it smaller`);
  }
  return settings;
}
