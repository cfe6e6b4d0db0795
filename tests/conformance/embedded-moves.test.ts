/** All behaviours that stop brokers, on the embedded broker. */
import { startEmbeddedPlace } from './matrix/embedded-place.ts';
import { runMatrix } from './matrix/run-matrix.ts';

await runMatrix({ kind: 'embedded', profile: 'moves', start: () => startEmbeddedPlace('moves') });
