/** All behaviours that need no logins and stop nothing, on the embedded broker. */
import { startEmbeddedPlace } from './matrix/embedded-place.ts';
import { runMatrix } from './matrix/run-matrix.ts';

await runMatrix({ kind: 'embedded', profile: 'open', start: () => startEmbeddedPlace('open') });
