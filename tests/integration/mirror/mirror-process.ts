/**
 * A worker of a mirror, to be killed by tests. Its argument is JSON: the mirror's options, but for functions. Prints a
 * line when it has its share.
 */
import { type MirrorOptions, startMirror } from '@millrace/mirror';

const options = JSON.parse(process.argv[2] ?? '{}') as MirrorOptions;
await startMirror(options);
process.stdout.write('ready\n');
