/** All behaviours of logins and of who may do what, on the embedded broker. */
import { startEmbeddedPlace } from './matrix/embedded-place.ts';
import { runMatrix } from './matrix/run-matrix.ts';

await runMatrix({ kind: 'embedded', profile: 'secured', start: () => startEmbeddedPlace('secured') });
