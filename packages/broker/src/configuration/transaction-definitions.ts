/** The configuration of transactions. */
import type { Definition } from './definition.ts';

export const transactionDefinitions: readonly Definition[] = [
  {
    name: 'transaction.abort.timed.out.transaction.cleanup.interval.ms',
    type: 'int',
    default: '10000',
    min: 1,
    documentation: 'How often the broker looks for transactions that are open for too long, in milliseconds.',
  },
  {
    name: 'transaction.max.timeout.ms',
    type: 'int',
    default: '900000',
    min: 1,
    documentation: 'The longest time that a producer may ask its transactions to stay open, in milliseconds.',
  },
  {
    name: 'transaction.remove.expired.transaction.cleanup.interval.ms',
    type: 'int',
    default: '3600000',
    min: 1,
    documentation: 'How often the broker looks for transactional ids that nobody uses any more, in milliseconds.',
  },
  {
    name: 'transactional.id.expiration.ms',
    type: 'int',
    default: '604800000',
    min: 1,
    documentation: 'How long a transactional id that nobody uses is kept, in milliseconds.',
  },
];
